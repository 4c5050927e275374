//! Who takes part in the demo, and who stands in their registers.

use crate::people::Person;
use concord_domain::AgencyId;

/// People in each register.
pub(super) const PEOPLE: u32 = 300;

/// Who takes part: four of one mechanism, one that shares no agreement with the first, one that shares no line with the
/// second, two that may carry between those, and a county with its province, which asks a partner abroad by way of the
/// ministry.
#[derive(Debug)]
pub(super) struct Cast {
    pub(super) guizhou: AgencyId,
    pub(super) yunnan: AgencyId,
    pub(super) sichuan: AgencyId,
    pub(super) chongqing: AgencyId,
    pub(super) guangdong: AgencyId,
    pub(super) heilongjiang: AgencyId,
    pub(super) ministry: AgencyId,
    pub(super) beijing: AgencyId,
    pub(super) county: AgencyId,
    pub(super) guangxi: AgencyId,
    pub(super) laos: AgencyId,
}

impl Cast {
    pub(super) fn new() -> anyhow::Result<Self> {
        Ok(Self {
            guizhou: "gz.police.cn".parse()?,
            yunnan: "yn.police.cn".parse()?,
            sichuan: "sc.police.cn".parse()?,
            chongqing: "cq.police.cn".parse()?,
            guangdong: "gd.police.cn".parse()?,
            heilongjiang: "hl.police.cn".parse()?,
            ministry: "police.cn".parse()?,
            beijing: "bj.police.cn".parse()?,
            county: "dx.gx.police.cn".parse()?,
            guangxi: "gx.police.cn".parse()?,
            laos: "police.la".parse()?,
        })
    }

    pub(super) fn all(&self) -> Vec<AgencyId> {
        let Self { guizhou, yunnan, sichuan, chongqing, guangdong, heilongjiang, .. } = self;
        let Self { ministry, beijing, county, guangxi, laos, .. } = self;
        let home = [guizhou, yunnan, sichuan, chongqing, guangdong, heilongjiang].map(Clone::clone);
        let channel = [ministry, beijing, county, guangxi, laos].map(Clone::clone);
        [home.as_slice(), channel.as_slice()].concat()
    }

    /// Whom Guizhou asks under the agreement of the pan-southwest mechanism.
    pub(super) fn partners(&self) -> Vec<AgencyId> {
        let Self { yunnan, sichuan, chongqing, .. } = self;
        [yunnan, sichuan, chongqing].map(Clone::clone).into()
    }

    /// Whose registers have people in them.
    pub(super) fn holders(&self) -> Vec<AgencyId> {
        let Self { guangdong, heilongjiang, laos, .. } = self;
        [self.partners(), vec![guangdong.clone(), heilongjiang.clone(), laos.clone()]].concat()
    }

    /// The people in the register of the `n`-th holder.
    pub(super) fn people(n: u32) -> impl Iterator<Item = Person> {
        (n * PEOPLE..(n + 1) * PEOPLE).map(Person::generated)
    }
}

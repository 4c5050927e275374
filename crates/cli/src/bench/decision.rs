//! A federation large enough to measure decisions in, made in memory.

use anyhow::{Context, ensure};
use concord_agreements::{
    Agencies, Agreement, AgreementKind, Asking, Documents, Facts, Grant, LocalRules, Opening, Rules, decide,
};
use concord_domain::{
    AgencyId, AgreementRef, Clock, Operation, Purpose, SystemClock, SystemEntropy, Timestamp,
};
use concord_gateway::{InForce, Lines, Peers, Ways};
use concord_trust::{
    Card, Charter, Directory, DirectoryBuilder, DutyDesk, Keyring, Kind, Member, MemberKind, Names,
    SealingKey, SignedFile, SigningKey, sha256,
};
use std::sync::Arc;
use std::time::Duration;

/// Agencies altogether.
const AGENCIES: usize = 1000;
/// Provinces, as on the mainland.
const PROVINCES: usize = 31;
/// Cities of each province; the other agencies are counties of theirs.
const CITIES: usize = 10;
/// Agreements altogether: one of all, the regional ones, and pacts of two.
const AGREEMENTS: usize = 200;
/// Regional agreements, all of which the first provinces have signed.
const REGIONS: usize = 9;
/// Parties of a regional agreement.
const REGION: usize = 6;
/// Whom only the ministry may ask; everybody else by its brokering.
const ABROAD: &str = "police.example";
/// Long enough for any measurement.
const VALIDITY: Duration = Duration::from_secs(365 * 86_400);

/// A question in a large federation. It is the longest there is to decide: a county asks one of another province about
/// something that only the last clause of the last agreement grants; and it asks one abroad, which only the ministry may.
pub(super) struct Decision {
    documents: Vec<SignedFile>,
    in_force: InForce,
    from: AgencyId,
    to: AgencyId,
    abroad: AgencyId,
    operation: Operation,
    agreement: AgreementRef,
    ways: Ways,
    now: Timestamp,
}

impl Decision {
    pub(super) fn prepare() -> anyhow::Result<Self> {
        let now = SystemClock.now();
        let members = Members::generate()?;
        let directory = Arc::new(members.directory(now)?);
        let documents = members.agreements(now)?;
        let of_all = Documents::agreements(documents.clone());
        let (rules, problems) = Rules::build(of_all, directory, LocalRules::default(), |_| None);
        ensure!(problems.is_empty(), "{problems:?}");
        let (from, to) = (members.county_of(0)?, members.county_of(1)?);
        let operation = "wanted.search".parse()?;
        let facts = Facts::new(&from, &to, &operation, Purpose::FugitiveApprehension);
        let permit = decide::<Asking>(&rules, &facts, now).context("the last agreement must allow it")?;
        let agreement = permit.agreement().clone();
        let ways = Ways::new(from.clone(), Lines::default(), Peers::default());
        let in_force = InForce { rules: Arc::new(rules), epoch: 1 };
        let abroad = ABROAD.parse()?;
        let decision = Self { documents, in_force, from, to, abroad, operation, agreement, ways, now };
        let (ways, brokers) = (decision.ways(), decision.brokers());
        ensure!(ways > 1 && brokers == 1, "{ways} ways and {brokers} brokers: several and one must be found");
        Ok(decision)
    }

    /// What a node does with its agreements when one document has changed: every signature is verified again.
    pub(super) fn rebuild(&self) -> Rules {
        let (documents, directory) =
            (Documents::agreements(self.documents.clone()), self.in_force.rules.directory());
        Rules::build(documents, Arc::clone(directory), LocalRules::default(), |_| None).0
    }

    pub(super) fn decide(&self) -> bool {
        let facts = Facts::new(&self.from, &self.to, &self.operation, Purpose::FugitiveApprehension);
        decide::<Opening>(&self.in_force.rules, &facts, self.now).is_ok()
    }

    /// How many ways a request may take, of all carriers that the agreement of everybody names.
    pub(super) fn ways(&self) -> usize {
        let ends = (&self.from, &self.to);
        self.ways.next(&self.in_force, &self.agreement, ends, &[], self.now).len()
    }

    /// How many may be asked to ask abroad.
    pub(super) fn brokers(&self) -> usize {
        self.in_force.rules.brokers(&self.from, &self.abroad, &self.operation, self.now).len()
    }
}

/// Who is in the federation. Only ministry and provinces sign, and only they have nodes, so only they have cards and
/// keyrings.
struct Members {
    ministry: Signer,
    provinces: Vec<Signer>,
    /// Cities, then counties, each with its superior.
    below: Vec<(AgencyId, AgencyId)>,
}

struct Signer {
    agency: AgencyId,
    root: SigningKey,
    agreement: SigningKey,
    keyring: SigningKey,
}

impl Signer {
    fn generate(name: &str) -> anyhow::Result<Self> {
        let [root, agreement, keyring] = [(); 3].map(|()| SigningKey::generate(&SystemEntropy));
        Ok(Self { agency: name.parse()?, root, agreement, keyring })
    }

    fn card(&self) -> SignedFile {
        let card = Card {
            agency: self.agency.clone(),
            sequence: 1,
            previous: None,
            agreement_key: self.agreement.public(),
            keyring_key: self.keyring.public(),
            names: Names { zh: "测".into(), en: "Bench".into() },
            duty_desk: DutyDesk { phone: "0".into(), email: "desk@bench".into(), hours: "always".into() },
            next: None,
        };
        SignedFile::unsigned("card", card.to_toml()).sign(Kind::Card, self.agency.as_str(), &self.root)
    }

    fn keyring(&self, now: Timestamp) -> SignedFile {
        let [message, checkpoint] = [(); 2].map(|()| SigningKey::generate(&SystemEntropy).public());
        let keyring = Keyring {
            agency: self.agency.clone(),
            sequence: 1,
            previous: None,
            issued: now,
            expires: now.plus(Keyring::LIFE_MAX),
            endpoints: vec![format!("https://{}:7443", self.agency)],
            protocols: vec![1],
            message,
            checkpoint,
            sealing: SealingKey::generate(&SystemEntropy).public().clone(),
            tls_bundle: vec!["none is read".into()],
            next: None,
        };
        let file = SignedFile::unsigned("keyring", keyring.to_toml());
        file.sign(Kind::Keyring, self.agency.as_str(), &self.keyring)
    }
}

impl Members {
    fn generate() -> anyhow::Result<Self> {
        let ministry = Signer::generate("police.cn")?;
        let province = |n| Signer::generate(&format!("p{n}.police.cn"));
        let provinces: Vec<_> = (0..PROVINCES).map(province).collect::<Result<_, _>>()?;
        let mut below: Vec<(AgencyId, AgencyId)> = Vec::new();
        for n in 0..PROVINCES * CITIES {
            let province = provinces.get(n % PROVINCES).context("a province")?.agency.clone();
            below.push((format!("c{n}.{province}").parse()?, province));
        }
        for n in 0..AGENCIES.saturating_sub(2 + PROVINCES + below.len()) {
            let (city, _) = below.get(n % (PROVINCES * CITIES)).context("a city")?;
            let city = city.clone();
            below.push((format!("d{n}.{city}").parse()?, city));
        }
        Ok(Self { ministry, provinces, below })
    }

    /// The first county of that province: cities and counties take turns among the provinces.
    fn county_of(&self, province: usize) -> anyhow::Result<AgencyId> {
        let county = self.below.get(PROVINCES * CITIES + province).context("a county")?;
        Ok(county.0.clone())
    }

    fn signers(&self) -> impl Iterator<Item = &Signer> {
        self.provinces.iter().chain([&self.ministry])
    }

    fn directory(&self, now: Timestamp) -> anyhow::Result<Directory> {
        let member = |agency: &AgencyId, kind, superior: Option<&AgencyId>, root: &SigningKey| Member {
            agency: agency.clone(),
            kind,
            superior: superior.cloned(),
            root: root.public(),
        };
        let ministry = &self.ministry;
        let mut members = vec![member(&ministry.agency, MemberKind::Ministry, None, &ministry.root)];
        members.extend(
            self.provinces
                .iter()
                .map(|p| member(&p.agency, MemberKind::Province, Some(&ministry.agency), &p.root)),
        );
        members.extend(self.below.iter().map(|(agency, superior)| {
            member(agency, MemberKind::County, Some(superior), &SigningKey::generate(&SystemEntropy))
        }));
        let key = SigningKey::generate(&SystemEntropy);
        members.push(member(&ABROAD.parse()?, MemberKind::Foreign, None, &key));
        let charter = Charter {
            name: "bench".into(),
            sequence: 1,
            previous: None,
            threshold: 1,
            keys: vec![key.public()],
            emergency: None,
            members,
        };
        let file = SignedFile::unsigned("charter", charter.to_toml()).sign(Kind::Charter, "charter", &key);
        let mut builder = DirectoryBuilder::new(Charter::verify(&file, sha256(&[&file.bytes]))?);
        self.signers().try_for_each(|signer| {
            builder.card(&signer.card())?;
            builder.keyring(&signer.keyring(now))
        })?;
        Ok(builder.build())
    }

    /// The one of all, in whose last clause what is asked stands, then regions of the first provinces and others in
    /// turn, then pacts of two, the first one of the first two.
    fn agreements(&self, now: Timestamp) -> anyhow::Result<Vec<SignedFile>> {
        let (asked, other) = (Purpose::FugitiveApprehension, Purpose::Research);
        let all: Vec<_> = self.signers().collect();
        let mut nation = agreement("nation", AgreementKind::National, &all, [other, other, asked], now)?;
        nation.carriers = Some(Agencies::Parties);
        nation.grants.push(Grant {
            to: Agencies::Listed(vec!["police.cn".parse()?]),
            brokered_to: vec![ABROAD.parse()?],
            ..Grant::new("abroad".parse()?, vec!["wanted.search".parse()?], vec![asked], Vec::new())
        });
        let mut signed = vec![sign(&nation, &all)];
        for n in 0..REGIONS {
            let others = self.provinces.iter().cycle().skip(2 + n * REGION).take(REGION - 2);
            let others =
                others.filter(|other| self.provinces.iter().take(2).all(|p| p.agency != other.agency));
            let parties: Vec<_> = self.provinces.iter().take(2).chain(others).collect();
            let id = format!("region-{n}");
            signed.push(sign(&agreement(&id, AgreementKind::Regional, &parties, [other; 3], now)?, &parties));
        }
        let pairs = self.provinces.iter().enumerate();
        let pairs = pairs.flat_map(|(n, one)| self.provinces.iter().skip(n + 1).map(move |two| [one, two]));
        for (n, pair) in pairs.take(AGREEMENTS - 1 - REGIONS).enumerate() {
            let id = format!("pact-{n}");
            signed.push(sign(&agreement(&id, AgreementKind::Bilateral, &pair, [other; 3], now)?, &pair));
        }
        Ok(signed)
    }
}

/// An agreement of three clauses, one for each purpose.
fn agreement(
    id: &str,
    kind: AgreementKind,
    parties: &[&Signer],
    purposes: [Purpose; 3],
    now: Timestamp,
) -> anyhow::Result<Agreement> {
    let grant = |(n, purpose): (usize, Purpose)| {
        Ok(Grant::new(n.to_string().parse()?, vec!["wanted.search".parse()?], vec![purpose], Vec::new()))
    };
    let grants = (1..).zip(purposes).map(grant).collect::<anyhow::Result<_>>()?;
    let agencies = parties.iter().map(|party| party.agency.clone()).collect();
    Ok(Agreement::new(id.parse()?, kind, agencies, now..now.plus(VALIDITY), grants))
}

/// The agreement, signed by all its parties.
fn sign(agreement: &Agreement, parties: &[&Signer]) -> SignedFile {
    let file = SignedFile::unsigned(&format!("{}.toml", agreement.file_stem()), agreement.to_toml());
    let sign = |file: SignedFile, party: &&Signer| {
        file.sign(Kind::Agreement, party.agency.as_str(), &party.agreement)
    };
    parties.iter().fold(file, sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_federation_is_as_large_as_it_is_said_to_be() {
        let decision = Decision::prepare().unwrap();
        assert_eq!(decision.in_force.directory().members().count(), AGENCIES);
        assert_eq!(decision.in_force.rules.agreements(decision.now).count(), AGREEMENTS);
    }
}

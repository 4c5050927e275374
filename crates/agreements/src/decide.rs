//! The decision: may this agency ask that one this, now?

mod bar;
mod covering;
mod denial;
mod facts;
mod permit;
mod places;
#[cfg(test)]
mod tests;

pub use denial::Denial;
pub use facts::Facts;
pub use permit::{Asking, Carrying, Opening, Permit, Question};

use crate::document::Grant;
use crate::local::{Matter, Side};
use crate::rules::{Chain, Rules};
use crate::signed::SignedAgreement;
use bar::{Bar, bar, stale};
use concord_domain::{AgreementRef, Operation, Timestamp, Vetting};
use covering::{Gap, covering, further};
use places::Places;

/// Decides by one clause of one agreement: the first that covers all facts, agreements taken in the order of
/// [`AgreementKind::precedence`](crate::AgreementKind::precedence) and then by name, clauses as they stand. Nothing
/// is put together from two clauses.
///
/// Before any agreement is looked at: all agencies are members, no carrier is one of the two, no block notice stops any
/// of them, and no [local rule](crate::LocalRules) forbids it.
///
/// A denial is about the clause that came closest: that which passed most of these checks, the first if several
/// did: the agreement binds both; operation; direction; purpose; branch; handling level; carriers; for whom is asked;
/// who is asked in turn; nature of the offence; time, which is whether the agreement is in force and those parties that
/// the two stand behind take part in it; for a strict agreement, how long ago this node synchronized. For a claimed
/// agreement the time comes first, since of a text that is not in force nothing else matters.
pub fn decide<Q: Question>(rules: &Rules, facts: &Facts<'_>, now: Timestamp) -> Result<Permit<Q>, Denial> {
    if !Q::admits(facts.operation) {
        return Err(Denial::not_this_question(Q::NAME, facts));
    }
    let places = Places::of(facts, rules.directory())?;
    if let Some(block) = places.block(facts, rules.directory(), now) {
        return Err(Denial::blocked(block));
    }
    let side = Q::SIDE.or_else(|| rules.local().side(facts));
    let matter = side.map(|side| matter(side, facts, &places));
    if let Some(rule) = matter.as_ref().and_then(|matter| rules.local().forbidding(matter)) {
        return Err(Denial::by_local_rule(rule));
    }
    let judged = Judged { rules, facts, places: &places, now };
    let (chain, text, grant) = match facts.agreement {
        Some(claimed) => judged.by_claimed(claimed)?,
        None => judged.by_any()?,
    };
    // A ping tells of nobody, so there is nothing that an officer could look at.
    let about_somebody = facts.operation.as_str() != Operation::PING;
    let vetting = match facts.onward.filter(|_| about_somebody) {
        Some(_) => matter.map_or(grant.vetting, |matter| grant.vetting.max(rules.local().vetting(&matter))),
        None => Vetting::Automatic,
    };
    Ok(Permit::new(text, grant, facts, vetting, judged.until(chain, text)))
}

fn matter<'a>(side: Side, facts: &'a Facts<'_>, places: &'a Places<'a>) -> Matter<'a> {
    Matter {
        side,
        counterparts: places.counterparts(side),
        operation: facts.operation,
        purpose: facts.purpose,
        branch: facts.branch,
        level: facts.handling.level,
    }
}

/// Facts held against rules.
struct Judged<'a> {
    rules: &'a Rules,
    facts: &'a Facts<'a>,
    places: &'a Places<'a>,
    now: Timestamp,
}

type Covering<'a> = (&'a Chain, &'a SignedAgreement, &'a Grant);

impl<'a> Judged<'a> {
    fn by_claimed(&self, claimed: &AgreementRef) -> Result<Covering<'a>, Denial> {
        let Self { rules, facts, places, now } = *self;
        let knows = |chain: &&Chain| chain.text(claimed).is_some();
        let named = rules.chains_of(&claimed.id).next().ok_or_else(|| Denial::unknown(claimed))?;
        let chain = rules.chains_of(&claimed.id).find(knows).unwrap_or(named);
        let text = chain.at(now);
        if !text.is(claimed) {
            let coming = chain.text(claimed).filter(|text| now < text.valid_from);
            return Err(coming.map_or_else(
                || Denial::differs(text, claimed),
                |text| Denial::barred(text, None, Bar::NotYet),
            ));
        }
        if let Some(bar) = bar(chain, text, places, now) {
            return Err(Denial::barred(text, None, bar));
        }
        let mut sides = [(facts.from, &places.from), (facts.to, &places.to)].into_iter();
        if let Some((stranger, _)) = sides.find(|(_, line)| !text.binds(line)) {
            return Err(Denial::not_bound(text, stranger));
        }
        let grant = covering(chain, text, facts, places, now).map_err(|gap| gap.denial(facts))?;
        match stale(text, facts, now) {
            Some(bar) => Err(Denial::barred(text, Some(&grant.clause), bar)),
            None => Ok((chain, text, grant)),
        }
    }

    fn by_any(&self) -> Result<Covering<'a>, Denial> {
        let Self { rules, facts, places, now } = *self;
        let mut closest: Option<Gap<'_>> = None;
        let mut barred = None;
        for (chain, text) in rules.between(&places.from, &places.to, now) {
            let bar = bar(chain, text, places, now);
            match covering(chain, text, facts, places, now) {
                Ok(grant) => match bar.or_else(|| stale(text, facts, now)) {
                    None => return Ok((chain, text, grant)),
                    Some(bar) => barred = barred.or(Some((text, grant, bar))),
                },
                // What an agreement out of force lacks besides is no news to anybody.
                Err(gap) if bar.is_none() && text.separates(&places.from, &places.to) => {
                    closest = Some(further(closest, gap));
                }
                // Nor is an agreement that both are bound by through one and the same party.
                Err(_) => {}
            }
        }
        Err(match (barred, closest) {
            (Some((text, grant, bar)), _) => Denial::barred(text, Some(&grant.clause), bar),
            (None, Some(gap)) if gap.is_about_others(places) => gap.denial(facts).into_no_agreement(facts),
            (None, Some(gap)) => gap.denial(facts),
            (None, None) => Denial::no_agreement(facts),
        })
    }

    /// The next instant at which what the permit rests on may say something else.
    fn until(&self, chain: &Chain, text: &SignedAgreement) -> Timestamp {
        let Self { rules, facts, places, now } = *self;
        let change = chain.next_change(text, places.resting_on(text), now);
        let blocked = places.next_block(facts, rules.directory(), now);
        let stale = facts.synced.filter(|_| text.strict).map(|at| at.plus(text.terms.sync_within()));
        [blocked, stale].into_iter().flatten().fold(change, Timestamp::min)
    }
}

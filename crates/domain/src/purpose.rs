//! Why something is asked, and the kind of police that asks.

use crate::text::codes;

codes! {
    /// Why something is asked. Every request states one; agreements grant by it.
    pub enum Purpose("purpose") {
        /// Finding a person who is sought.
        FugitiveApprehension = "fugitive-apprehension",
        /// Fighting serious crime (严重刑事犯罪打击).
        SeriousCrime = "serious-crime",
        /// Economic crime (经侦).
        EconomicCrime = "economic-crime",
        /// Drugs (禁毒).
        Narcotics = "narcotics",
        /// Trafficking in persons (打拐).
        HumanTrafficking = "human-trafficking",
        /// Counter-terrorism (反恐).
        CounterTerrorism = "counter-terrorism",
        /// Public order (治安).
        PublicOrder = "public-order",
        /// The ring around a large event (护城河).
        EventSecurity = "event-security",
        /// Food and drug safety.
        FoodDrugSafety = "food-drug-safety",
        /// Exchange of research.
        Research = "research",
    }
}

codes! {
    /// The kind of police: an attribute of officers, grants and requests.
    pub enum Branch("branch") {
        /// Criminal investigation.
        Criminal = "criminal",
        /// Economic crime investigation.
        Economic = "economic",
        /// Narcotics control.
        Narcotics = "narcotics",
        /// Counter-terrorism.
        CounterTerrorism = "counter-terrorism",
        /// Public order.
        PublicOrder = "public-order",
        /// Border and entry-exit.
        Border = "border",
        /// Food, drug and environmental crime.
        FoodDrug = "food-drug",
    }
}

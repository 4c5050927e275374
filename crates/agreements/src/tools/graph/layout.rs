//! Where things stand: two columns, ordered so that few lines cross.

use super::Graph;

/// The order of both columns, from the top; places in the lists of [`Graph`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    /// Agencies with some tie, then those without, by name.
    pub(super) agencies: Vec<usize>,
    pub(super) agreements: Vec<usize>,
}

/// Rounds of sorting; more than these change nothing in federations of a few hundred.
const ROUNDS: usize = 24;

/// Fixed-point unit of positions, so that a mean is not rounded to a whole place.
const UNIT: usize = 1 << 16;

/// Orders each column by the mean place of what its nodes are tied to in the other, in turns (the barycenter method
/// of Sugiyama, Tagawa and Toda, 1981). Ties keep their order, so the result is always the same.
pub(super) fn arrange(graph: &Graph) -> Layout {
    let agreements_of =
        |agency| graph.ties.iter().filter(move |tie| tie.agency == agency).map(|tie| tie.agreement).collect();
    let agencies_of = |agreement| {
        graph.ties.iter().filter(move |tie| tie.agreement == agreement).map(|tie| tie.agency).collect()
    };
    let of_agencies: Vec<Vec<usize>> = (0..graph.agencies.len()).map(agreements_of).collect();
    let of_agreements: Vec<Vec<usize>> = (0..graph.agreements.len()).map(agencies_of).collect();
    let tied = |agency: &usize| of_agencies.get(*agency).is_some_and(|tied| !tied.is_empty());
    let (mut agencies, idle): (Vec<_>, Vec<_>) = (0..graph.agencies.len()).partition(tied);
    let mut agreements: Vec<_> = (0..graph.agreements.len()).collect();
    for _ in 0..ROUNDS {
        sort(&mut agreements, &of_agreements, &agencies);
        sort(&mut agencies, &of_agencies, &agreements);
    }
    agencies.extend(idle);
    Layout { agencies, agreements }
}

fn sort(column: &mut [usize], tied: &[Vec<usize>], other: &[usize]) {
    let places = places(other);
    let mean = |node: &usize| {
        let tied = tied.get(*node).map(Vec::as_slice).unwrap_or_default();
        let sum: usize = tied.iter().filter_map(|node| places.get(*node).copied()).sum();
        (sum * UNIT).checked_div(tied.len()).unwrap_or(usize::MAX)
    };
    column.sort_by_cached_key(mean);
}

/// The place of each node in its column, by node.
pub(super) fn places(column: &[usize]) -> Vec<usize> {
    let mut nodes: Vec<_> = column.iter().enumerate().map(|(place, node)| (*node, place)).collect();
    nodes.sort_unstable();
    // A column that leaves nodes out has all of them at the end of the numbering or is looked up by ties alone.
    let mut places = Vec::new();
    for (node, place) in nodes {
        places.resize(node, 0);
        places.push(place);
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_by_node() {
        assert_eq!(places(&[2, 0, 3]), [1, 0, 0, 2]);
    }
}

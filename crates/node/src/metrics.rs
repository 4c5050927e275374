//! Metrics in Prometheus' text form, on a loopback port.

use metrics_exporter_prometheus::{BuildError, PrometheusBuilder};
use std::net::SocketAddr;

/// Starts to count, and to serve the counts on `listen`. The recorder is the process's own: a second node in one
/// process counts into the same.
pub(crate) fn serve(listen: SocketAddr) -> Result<(), BuildError> {
    PrometheusBuilder::new().with_http_listener(listen).install()
}

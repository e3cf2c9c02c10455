// grafana: the schema of dashboards.
module agentjob.io/hack/tools/grafana

go 1.26.0

require github.com/grafana/grafana-foundation-sdk/go v0.0.18

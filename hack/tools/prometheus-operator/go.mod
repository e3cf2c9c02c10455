// prometheus-operator: its CRDs (example/prometheus-operator-crd); nothing of it is built.
module agentjob.io/hack/tools/prometheus-operator

go 1.26.0

require github.com/prometheus-operator/prometheus-operator v0.85.0

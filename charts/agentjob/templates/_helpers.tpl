{{/* Names, labels and what several templates need. */}}

{{- define "agentjob.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* (dict "root" $ "component" "operator"); also the only labels of pods, so that a new chart version alone restarts nothing. */}}
{{- define "agentjob.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* managed-by is Helm here, not agentjob: that value marks the operator's own objects. */}}
{{- define "agentjob.labels" -}}
{{ include "agentjob.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end -}}

{{- define "agentjob.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (ternary (include "agentjob.fullname" .) "default" .Values.serviceAccount.create) -}}
{{- end -}}

{{/* (dict "root" $ "name" "operator") */}}
{{- define "agentjob.image" -}}
{{- $image := .root.Values.image -}}
{{- get $image .name | default (printf "%s/%s:%s" $image.registry .name ($image.tag | default .root.Chart.AppVersion)) -}}
{{- end -}}

{{- define "agentjob.pullSecrets" -}}
{{- with .Values.image.pullSecrets -}}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{- define "agentjob.minioName" -}}{{ include "agentjob.fullname" . }}-minio{{- end -}}

{{- define "agentjob.scriptedModelName" -}}{{ include "agentjob.fullname" . }}-scripted-model{{- end -}}

{{- define "agentjob.storageEndpoint" -}}
{{- .Values.storage.endpoint | default (printf "http://%s.%s.svc:9000" (include "agentjob.minioName" .) .Release.Namespace) -}}
{{- end -}}

{{- define "agentjob.minioSecretName" -}}
{{- .Values.minio.existingSecret | default (include "agentjob.minioName" .) -}}
{{- end -}}

{{/* secretName, accessKeyKey and secretKeyKey of the store's credential, as YAML. */}}
{{- define "agentjob.storageCredentials" -}}
{{- $own := dict "secretName" (include "agentjob.minioSecretName" .) "accessKeyKey" "access-key" "secretKeyKey" "secret-key" "sessionTokenKey" "" -}}
{{- ternary .Values.storage.credentials $own (not (empty .Values.storage.credentials.secretName)) | toYaml -}}
{{- end -}}

{{- define "agentjob.modelEndpoint" -}}
{{- $scripted := printf "http://%s.%s.svc:8080/v1" (include "agentjob.scriptedModelName" .) .Release.Namespace -}}
{{- .Values.model.endpoint | default (ternary $scripted "https://api.openai.com/v1" .Values.scriptedModel.enabled) -}}
{{- end -}}

{{/* None for the scripted model: it wants no key. */}}
{{- define "agentjob.modelSecretName" -}}
{{- if or .Values.model.endpoint (not .Values.scriptedModel.enabled) -}}
{{- .Values.model.apiKeySecret.name -}}
{{- end -}}
{{- end -}}

{{/* What operator and bucket Job both need to know of the store. */}}
{{- define "agentjob.storageEnv" -}}
{{- $credentials := include "agentjob.storageCredentials" . | fromYaml -}}
- name: AGENTJOB_STORAGE__ENDPOINT
  value: {{ include "agentjob.storageEndpoint" . | quote }}
- name: AGENTJOB_STORAGE__BUCKET
  value: {{ .Values.storage.bucket | quote }}
- name: AGENTJOB_STORAGE__PREFIX
  value: {{ .Values.storage.prefix | quote }}
- name: AGENTJOB_STORAGE__REGION
  value: {{ .Values.storage.region | quote }}
- name: AGENTJOB_STORAGE__RETENTION_DAYS
  value: {{ .Values.storage.retentionDays | int | quote }}
{{- with .Values.storage.caConfigMap.name }}
- name: AGENTJOB_STORAGE__CA_PEM
  valueFrom:
    configMapKeyRef:
      name: {{ . }}
      key: {{ $.Values.storage.caConfigMap.key }}
{{- end }}
- name: AGENTJOB_STORAGE__ACCESS_KEY
  valueFrom:
    secretKeyRef:
      name: {{ $credentials.secretName }}
      key: {{ $credentials.accessKeyKey }}
- name: AGENTJOB_STORAGE__SECRET_KEY
  valueFrom:
    secretKeyRef:
      name: {{ $credentials.secretName }}
      key: {{ $credentials.secretKeyKey }}
{{- with $credentials.sessionTokenKey }}
- name: AGENTJOB_STORAGE__SESSION_TOKEN
  valueFrom:
    secretKeyRef:
      name: {{ $credentials.secretName }}
      key: {{ . }}
{{- end }}
{{- end -}}

{{/* (dict "root" $ "component" "minio" "port" 9000): an egress rule to pods of this release. */}}
{{- define "agentjob.ownDestination" -}}
- to:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: {{ .root.Release.Namespace }}
      podSelector:
        matchLabels:
          {{- include "agentjob.selector" . | nindent 10 }}
  ports:
    - port: {{ .port }}
{{- end -}}

{{/* What the operator makes NetworkPolicies of. */}}
{{- define "agentjob.networkEnv" -}}
{{- $network := .Values.networkPolicies -}}
{{- $model := $network.model -}}
{{- if and (not $model) (not .Values.model.endpoint) .Values.scriptedModel.enabled -}}
{{- $model = include "agentjob.ownDestination" (dict "root" $ "component" "scripted-model" "port" 8080) | fromYamlArray -}}
{{- end -}}
{{- $store := $network.objectStore -}}
{{- if and (not $store) (not .Values.storage.endpoint) -}}
{{- $store = include "agentjob.ownDestination" (dict "root" $ "component" "minio" "port" 9000) | fromYamlArray -}}
{{- end -}}
- name: AGENTJOB_NETWORK__ENABLED
  value: {{ $network.enabled | quote }}
{{- with $network.dns }}
- name: AGENTJOB_NETWORK__DNS
  value: {{ toJson . | quote }}
{{- end }}
- name: AGENTJOB_NETWORK__MODEL
  value: {{ toJson $model | quote }}
- name: AGENTJOB_NETWORK__GIT
  value: {{ toJson $network.git | quote }}
- name: AGENTJOB_NETWORK__OBJECT_STORE
  value: {{ toJson $store | quote }}
- name: AGENTJOB_NETWORK__ACCESS_FROM
  value: {{ toJson $network.accessFrom | quote }}
- name: AGENTJOB_NETWORK__EXCEPT_CIDRS
  value: {{ toJson $network.exceptCIDRs | quote }}
{{- end -}}

{{/* Pod Security `restricted`. (dict "user" 10001) */}}
{{- define "agentjob.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: {{ .user }}
runAsGroup: {{ .user }}
fsGroup: {{ .user }}
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "agentjob.containerSecurityContext" -}}
allowPrivilegeEscalation: false
capabilities:
  drop: [ALL]
readOnlyRootFilesystem: true
{{- end -}}

{{/* priorityClassName, nodeSelector, tolerations and affinity, as far as they are set, of a dict of values. */}}
{{- define "agentjob.scheduling" -}}
{{- $chosen := dict -}}
{{- range $field := list "priorityClassName" "nodeSelector" "tolerations" "affinity" -}}
{{- if get $ $field }}{{ $_ := set $chosen $field (get $ $field) }}{{ end -}}
{{- end -}}
{{- if $chosen }}{{ toYaml $chosen }}{{ end -}}
{{- end -}}

{{/* Over nodes and zones; a constraint of the user's without a labelSelector gets the operator's. */}}
{{- define "agentjob.topologySpread" -}}
{{- $selector := dict "matchLabels" (include "agentjob.selector" (dict "root" $ "component" "operator") | fromYaml) -}}
{{- $soft := list -}}
{{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" -}}
{{- $soft = append $soft (dict "maxSkew" 1 "topologyKey" . "whenUnsatisfiable" "ScheduleAnyway" "matchLabelKeys" (list "pod-template-hash")) -}}
{{- end -}}
{{- $constraints := list -}}
{{- range .Values.operator.topologySpreadConstraints | default $soft -}}
{{- $constraints = append $constraints (merge (deepCopy .) (dict "labelSelector" $selector)) -}}
{{- end -}}
{{- toYaml $constraints -}}
{{- end -}}

{{/* What the schema cannot say: values that do not go together. */}}
{{- define "agentjob.validate" -}}
{{- $operator := .Values.operator -}}
{{- $replicas := int $operator.replicas -}}
{{- if and (gt $replicas 1) (not $operator.leaderElection) -}}
{{- fail (printf "operator.leaderElection is false and operator.replicas is %d: all of them would work at once" $replicas) -}}
{{- end -}}
{{- with $operator.podDisruptionBudget -}}
{{- if and .enabled (gt $replicas 1) (ge (int .minAvailable) $replicas) -}}
{{- fail (printf "operator.podDisruptionBudget.minAvailable (%d) must be less than operator.replicas (%d): no node could be drained" (int .minAvailable) $replicas) -}}
{{- end -}}
{{- end -}}
{{- with $operator.lease -}}
{{- if not (and (gt (int .durationSeconds) (int .renewDeadlineSeconds)) (gt (int .renewDeadlineSeconds) (int .retryPeriodSeconds))) -}}
{{- fail "operator.lease: durationSeconds must be more than renewDeadlineSeconds, and that more than retryPeriodSeconds" -}}
{{- end -}}
{{- end -}}
{{- if and .Values.minio.enabled .Values.storage.endpoint (not .Values.storage.credentials.secretName) -}}
{{- fail "storage.endpoint is set and storage.credentials.secretName is not: MinIO's credential would be sent there (set minio.enabled=false for another store)" -}}
{{- end -}}
{{- if and .Values.job.limits.costUSD (not (and .Values.model.prices.inputPerMillionTokens .Values.model.prices.outputPerMillionTokens)) -}}
{{- fail "job.limits.costUSD needs model.prices: without them nobody can count the cost" -}}
{{- end -}}
{{- if and .Values.monitoring.podMonitor.enabled .Values.monitoring.serviceMonitor.enabled -}}
{{- fail "monitoring.podMonitor and monitoring.serviceMonitor are both enabled: each replica would be scraped, and counted, twice" -}}
{{- end -}}
{{- if and .Values.storage.retentionDays (not .Values.storage.createBucket) -}}
{{- fail "storage.retentionDays needs storage.createBucket: its Job sets that rule" -}}
{{- end -}}
{{- end -}}

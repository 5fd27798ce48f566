{{- define "voice.labels" -}}
{{ include "voice.selector" . }}
app.kubernetes.io/part-of: voice-rollout
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- define "voice.selector" -}}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{- define "voice.namespaces" -}}
{{- .Values.operator.namespaces | default (list .Release.Namespace) | uniq | sortAlpha | join "," -}}
{{- end }}

{{/* What image each engine has: espeak=registry.example/voice:1,f5=registry.example/voice-f5:1 */}}
{{- define "voice.engineImages" -}}
{{- $images := list (printf "espeak=%s" .Values.images.inference) -}}
{{- range $engine, $image := .Values.images.engines -}}
{{- if $image }}{{ $images = append $images (printf "%s=%s" $engine $image) }}{{ end -}}
{{- end -}}
{{- join "," $images -}}
{{- end }}

{{/* Refuses a gateway that would be killed for the answers it holds. A limit in other units than Mi and Gi is believed. */}}
{{- define "voice.gatewayMemory" -}}
{{- $limit := dig "limits" "memory" "" .resources | toString -}}
{{- if regexMatch "^[0-9]+([.][0-9]+)?[MG]i$" $limit -}}
{{- $mib := mulf (regexFind "^[0-9.]+" $limit) (ternary 1024 1 (hasSuffix "Gi" $limit)) -}}
{{- $needed := add 128 (mul 2 .answersMiB) -}}
{{- if lt $mib (float64 $needed) -}}
{{- fail (printf "gateway.resources.limits.memory: %s is less than 128Mi and twice gateway.answersMiB (%d): write %dMi or more, or fewer answersMiB" $limit (int .answersMiB) $needed) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "voice.scrape" -}}
prometheus.io/scrape: "true"
prometheus.io/port: {{ .port | quote }}
prometheus.io/path: /metrics
{{- end }}

{{/* The restricted Pod Security Standard, and a root that nobody can write. */}}
{{- define "voice.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "voice.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* Where pods run: apart from one another, and where the values want them. */}}
{{- define "voice.placement" -}}
topologySpreadConstraints:
- maxSkew: 1
  topologyKey: kubernetes.io/hostname
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels: {{- include "voice.selector" . | nindent 6 }}
{{- with .values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.images.pullSecrets }}
imagePullSecrets:
{{- range . }}
- name: {{ . }}
{{- end }}
{{- end }}
{{- end }}

{{- define "voice.operatorBinding" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ .role }}
  namespace: {{ .namespace }}
  labels: {{- .labels | nindent 4 }}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: {{ .role }}}
subjects:
- {kind: ServiceAccount, name: voice-rollout-operator, namespace: {{ .root.Release.Namespace }}}
{{- end }}

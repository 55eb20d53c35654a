{{- define "alert-gateway.name" -}}
{{- printf "%s" .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "alert-gateway.selector" -}}
app.kubernetes.io/name: alert-gateway
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "alert-gateway.labels" -}}
{{ include "alert-gateway.selector" . }}
app.kubernetes.io/version: {{ include "alert-gateway.tag" . | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "alert-gateway.tag" -}}
{{- .Values.image.tag | default .Chart.AppVersion -}}
{{- end -}}

{{- define "alert-gateway.rules" -}}
{{- .Values.rules.existing | default (printf "%s-rules" (include "alert-gateway.name" .)) -}}
{{- end -}}

{{/* What would lose alerts or show a secret is refused here, with the value to change. */}}
{{- define "alert-gateway.refuse" -}}
{{- $embedded := eq .Values.store.kind "embedded" -}}
{{- $redis := hasKey .Values.secrets.keys "GATEWAY_REDIS_URL" -}}
{{- if and $embedded (gt (int .Values.replicas) 1) -}}
{{- fail "replicas: the embedded store belongs to one pod: set replicas to 1, or store.kind to redis" -}}
{{- end -}}
{{- if and $embedded .Values.autoscaling.enabled -}}
{{- fail "autoscaling.enabled: the embedded store belongs to one pod: set it to false, or store.kind to redis" -}}
{{- end -}}
{{- if and $embedded $redis -}}
{{- fail "secrets.keys.GATEWAY_REDIS_URL: with a Redis store.kind is redis" -}}
{{- end -}}
{{- if and (not $embedded) (not $redis) -}}
{{- fail "store.kind: redis needs its address: name the key of the Secret that holds it under secrets.keys.GATEWAY_REDIS_URL" -}}
{{- end -}}
{{- if eq (include "alert-gateway.tag" .) "latest" -}}
{{- fail "image.tag: latest says nothing about what runs: name a version" -}}
{{- end -}}
{{- if lt (int .Values.terminationGracePeriodSeconds) 45 -}}
{{- fail "terminationGracePeriodSeconds: at least 45, so that what is under way is finished" -}}
{{- end -}}
{{- if and .Values.monitoring.serviceMonitor.tokenKey (not (hasKey .Values.secrets.keys "GATEWAY_TOKENS")) -}}
{{- fail "monitoring.serviceMonitor.tokenKey: the gateway would know no such token: name the key with the lines of `gateway token add` under secrets.keys.GATEWAY_TOKENS" -}}
{{- end -}}
{{- range $name, $value := .Values.settings -}}
{{- if or (regexMatch "(TOKEN|SECRET|PASSWORD|_KEY|REDIS_URL|SMTP_URL|HEARTBEAT_URL|VENDOR_PROXY|_HEADERS)$" $name) (regexMatch "://[^/@]*@" (toString $value)) -}}
{{- fail (printf "settings.%s: a secret stands in the Secret, never in values: name its key under secrets.keys.%s" $name $name) -}}
{{- end -}}
{{- if hasKey $.Values.secrets.keys $name -}}
{{- fail (printf "settings.%s: it is named under secrets.keys too" $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "alert-gateway.pod" -}}
metadata:
  labels:
    {{- include "alert-gateway.labels" . | nindent 4 }}
  {{- with .Values.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ include "alert-gateway.name" . }}
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 10001
    runAsGroup: 10001
    fsGroup: 10001
    seccompProfile: {type: RuntimeDefault}
  {{- with .Values.image.pullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: gateway
      image: {{ printf "%s:%s" .Values.image.repository (include "alert-gateway.tag" .) | quote }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      ports:
        - {name: http, containerPort: 9096}
      env:
        {{- range $name, $key := .Values.secrets.keys }}
        - {name: {{ $name }}_FILE, value: {{ printf "/run/secrets/alert-gateway/%s" $key | quote }}}
        {{- end }}
        {{- range $name, $value := .Values.settings }}
        - {name: {{ $name }}, value: {{ $value | toString | quote }}}
        {{- end }}
        {{- if eq .Values.store.kind "embedded" }}
        - {name: GATEWAY_STORE_MEMORY, value: {{ .Values.store.memoryBytes | int64 | toString | quote }}}
        {{- else if .Values.store.wait }}
        - {name: GATEWAY_REDIS_WAIT, value: {{ .Values.store.wait | toString | quote }}}
        {{- end }}
        {{- if .Values.monitoring.serviceMonitor.tokenKey }}
        - {name: GATEWAY_METRICS, value: token}
        {{- end }}
      # The process, and the store: /health is for people, and a gateway that worries still tells them.
      livenessProbe:
        httpGet: {path: /livez, port: http}
        periodSeconds: 10
        failureThreshold: 6
      readinessProbe:
        httpGet: {path: /readyz, port: http}
        periodSeconds: 5
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: {drop: [ALL]}
      volumeMounts:
        - {name: data, mountPath: /data}
        - {name: tmp, mountPath: /tmp}
        - {name: rules, mountPath: /rules, readOnly: true}
        - {name: secrets, mountPath: /run/secrets/alert-gateway, readOnly: true}
  volumes:
    {{- if ne .Values.store.kind "embedded" }}
    - {name: data, emptyDir: {sizeLimit: 16Mi}}
    {{- end }}
    # The sockets of the embedded store; in memory, so that nothing of it is on a disk.
    - {name: tmp, emptyDir: {medium: Memory, sizeLimit: 16Mi}}
    # No `subPath`: the kubelet brings a changed ConfigMap or Secret into the running pod, and the gateway reads it again.
    - {name: rules, configMap: {name: {{ include "alert-gateway.rules" . }}}}
    - {name: secrets, secret: {secretName: {{ .Values.secrets.name }}, defaultMode: 0440}}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if .Values.affinity }}
  affinity:
    {{- toYaml .Values.affinity | nindent 4 }}
  {{- else if gt (int .Values.replicas) 1 }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "alert-gateway.selector" . | nindent 10 }}
  {{- end }}
{{- end -}}

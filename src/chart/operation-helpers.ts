/**
 * Templates for the leaf operations that Sprig has no function for. Each takes a text and gives a text, and means
 * exactly what its namesake in units/ does; `test/chart/operations.test.ts` holds them equal through real Helm.
 */
const helpers = {
  dirname: {
    needs: [],
    body: `{{- $path := regexReplaceAll "/+$" . "" }}
{{- if regexMatch "(?s)^.+/" $path }}
{{- regexReplaceAll "/[^/]*$" $path "" }}
{{- else }}
{{- ternary "/" "." (hasPrefix "/" .) }}
{{- end }}`,
  },
  port: {
    needs: [],
    body: `{{- $digits := regexFind ":[0-9]{1,5}$" . }}
{{- if $digits }}
{{- regexReplaceAll "^0+([0-9])" (trimPrefix ":" $digits) "\${1}" }}
{{- else }}
{{- ternary "443" "80" (hasPrefix "https:" .) }}
{{- end }}`,
  },
  seconds: {
    needs: [],
    body: `{{- if not (regexMatch "^([0-9]{1,12}(ms|[hms]))+$" .) }}
{{- fail (printf "%q is no duration such as 10m or 1h30m" .) }}
{{- end }}
{{- $milliseconds := dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000 }}
{{- $sum := 0 }}
{{- range $part := regexFindAll "[0-9]+(ms|[hms])" . -1 }}
{{- $unit := regexFind "[a-z]+$" $part }}
{{- $count := int64 (regexReplaceAll "^0+([0-9])" (regexFind "^[0-9]+" $part) "\${1}") }}
{{- $sum = add $sum (mul $count (get $milliseconds $unit)) }}
{{- end }}
{{- div (add $sum 999) 1000 }}`,
  },
  bytes: {
    needs: [],
    // Whole numbers all the way, in two steps of at most 2^30 each, so that nothing leaves 64 bits.
    body: `{{- if not (regexMatch "^[0-9]{1,18}$|^[0-9]{1,9}(\\\\.[0-9]{1,6})?([kMGTP]|[KMGTP]i)$|^[0-9]{1,9}\\\\.[0-9]{1,6}$" .) }}
{{- fail (printf "%q is no size such as 100Gi" .) }}
{{- end }}
{{- $steps := dict "" (list 1 1) "k" (list 1000 1) "M" (list 1000000 1) "G" (list 1000000000 1) "T" (list 1000000000 1000) "P" (list 1000000000 1000000) "Ki" (list 1024 1) "Mi" (list 1048576 1) "Gi" (list 1073741824 1) "Ti" (list 1073741824 1024) "Pi" (list 1073741824 1048576) }}
{{- $step := get $steps (regexFind "[A-Za-z]*$" .) }}
{{- $first := index $step 0 }}
{{- $second := index $step 1 }}
{{- $whole := int64 (regexReplaceAll "^0+([0-9])" (regexFind "^[0-9]+" .) "\${1}") }}
{{- $decimals := regexFind "\\\\.[0-9]+" . | trimPrefix "." }}
{{- $parts := index (list 1 10 100 1000 10000 100000 1000000) (len $decimals) }}
{{- $rest := int64 (regexReplaceAll "^0+([0-9])" (default "0" $decimals) "\${1}") }}
{{- if gt $whole (div 9007199254740991 (mul $first $second)) }}
{{- fail (printf "%q is larger than a chart can calculate with" .) }}
{{- end }}
{{- $product := mul $rest $first }}
{{- $fraction := add (mul (div $product $parts) $second) (div (add (mul (mod $product $parts) $second) (sub $parts 1)) $parts) }}
{{- add (mul $whole $first $second) $fraction }}`,
  },
} as const satisfies Record<string, { readonly needs: readonly string[]; readonly body: string }>;

/** The name of a template for an operation, behind the chart's prefix. */
export type HelperName = keyof typeof helpers;

/** The template of an operation, and which others it uses. */
export const helperFor = (name: HelperName): { readonly needs: readonly HelperName[]; readonly body: string } =>
  helpers[name];

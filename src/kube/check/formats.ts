/** How a piece of text must look, and how to say so. */
export interface Format {
  test(text: string): boolean;
  /** What is allowed, in words with an example. */
  readonly allowed: string;
}

function pattern(expression: RegExp, maxLength: number, allowed: string): Format {
  return { test: (text) => text.length <= maxLength && expression.test(text), allowed };
}

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomain = new RegExp(`^${label}(\\.${label})*$`);

/** RFC 1123 label: a namespace, a StatefulSet, a container, a volume. */
export const dnsLabel = pattern(
  new RegExp(`^${label}$`),
  63,
  'a DNS label: lower-case letters, digits and hyphens, at most 63, such as vald-agent',
);

/** RFC 1035 label: a Service. Newer clusters also take one that starts with a digit, Kubernetes 1.28 does not. */
export const serviceName = pattern(
  /^[a-z]([-a-z0-9]*[a-z0-9])?$/,
  63,
  'a DNS label that starts with a letter: lower-case letters, digits and hyphens, at most 63, such as vald-agent',
);

/** RFC 1123 subdomain: most objects. */
export const dnsSubdomain = pattern(
  subdomain,
  253,
  'a DNS name: lower-case letters, digits, hyphens and dots, at most 253, such as vald-agent-config',
);

/** A subdomain with a limit of its own, because pods or labels are named after the object. */
export function shortSubdomain(maxLength: number): Format {
  return pattern(subdomain, maxLength, `a DNS name of at most ${maxLength} characters, such as vald-backup`);
}

/** A StatefulSet: its pods carry the label `controller-revision-hash`, name and ten characters, of at most 63. */
export const statefulSetName = pattern(
  new RegExp(`^${label}$`),
  52,
  'a DNS label of at most 52 characters (a longer one is accepted, but then no pod can be made), such as vald-agent',
);

/** The name of a PriorityClass that is not Kubernetes' own. */
export const priorityClassName: Format = {
  test: (text) => dnsSubdomain.test(text) && !text.startsWith('system-'),
  allowed: `${dnsSubdomain.allowed}, and without the reserved start system-`,
};

/** One segment of a URL path: the objects of RBAC. */
export const pathSegment: Format = {
  test: (text) => text !== '.' && text !== '..' && !/[/%]/.test(text),
  allowed: 'a name without "/" and "%" that is not "." or "..", such as vald:agent',
};

const qualifiedPart = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;

/** The key of a label, and of an annotation once in lower case. */
export const qualifiedName: Format = {
  test: (text) => {
    const slash = text.indexOf('/');
    const name = text.slice(slash + 1);
    if (slash >= 0 && !dnsSubdomain.test(text.slice(0, slash))) return false;
    return name.length <= 63 && qualifiedPart.test(name);
  },
  allowed:
    'a name of at most 63 letters, digits, "-", "_" and ".", with or without a DNS name and "/" in front, such as app.kubernetes.io/name',
};

/** The value of a label. */
export const labelValue: Format = {
  test: (text) => text === '' || (text.length <= 63 && qualifiedPart.test(text)),
  allowed: 'at most 63 letters, digits, "-", "_" and "." that start and end with a letter or digit, such as v1.8.0',
};

/** The name of a container's port, and a reference to it. */
export const portName: Format = {
  test: (text) =>
    text.length <= 15 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(text) && /[a-z]/.test(text) && !text.includes('--'),
  allowed: 'a port name: at most 15 lower-case letters, digits and single hyphens, with a letter, such as grpc',
};

/** The name of an environment variable. Newer clusters take more characters, Kubernetes 1.28 does not. */
export const environmentName: Format = {
  test: (text) => /^[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(text) && text !== '.' && !text.startsWith('..'),
  allowed: 'letters, digits, "_", "-" and "." without a digit in front, such as MY_POD_NAME',
};

/** A key of a ConfigMap or a Secret. */
export const dataKey: Format = {
  test: (text) => text.length <= 253 && /^[-._a-zA-Z0-9]+$/.test(text) && text !== '.' && !text.startsWith('..'),
  allowed: 'at most 253 letters, digits, "-", "_" and ".", such as config.yaml',
};

/** A Kubernetes quantity as text. */
export const quantity = pattern(
  /^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|[eE][+-]?[0-9]+)?$/,
  Number.POSITIVE_INFINITY,
  'a Kubernetes quantity, such as 500m, 4Gi or 100',
);

/** A point in time as RFC 3339 writes it. */
export const time = timeFormat(
  /^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/,
  '2026-01-31T12:00:00Z',
);

/** A point in time with microseconds, all six digits. */
export const microTime = timeFormat(
  /^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)$/,
  '2026-01-31T12:00:00.000000Z',
);

function timeFormat(expression: RegExp, example: string): Format {
  return {
    test: (text) => {
      if (!expression.test(text)) return false;
      // The 30th of February is read as a day in March: then the day that was written is not the day that was read.
      const midnight = new Date(`${text.slice(0, 10)}T00:00:00Z`);
      return midnight.getUTCDate() === Number(text.slice(8, 10)) && !Number.isNaN(Date.parse(text));
    },
    allowed: `a time as in RFC 3339, such as ${example}`,
  };
}

/** Bytes as base64 with padding. */
export const base64: Format = {
  test: (text) => {
    const digits = text.replace(/[\r\n]/g, '');
    return digits.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(digits);
  },
  allowed: 'bytes in base64, with padding',
};

import { exitCodes, type Problem, ProblemsError } from '../problem/index.js';
import type { ApiAnswer } from './transport.js';

/** Why work with a cluster stops, for code that has to tell one from another. */
export type ClusterErrorKind =
  | 'configuration'
  | 'unreachable'
  | 'certificate'
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'gone'
  | 'refused'
  | 'store'
  | 'usage'
  | 'failed';

/** Which kinds are the command line’s fault, and which are the outcome of the work itself. */
const kindExitCodes: Partial<Record<ClusterErrorKind, 1 | 2>> = {
  usage: exitCodes.usage,
  refused: exitCodes.findings,
  failed: exitCodes.findings,
};

const kindCodes: Record<ClusterErrorKind, Problem['code']> = {
  configuration: 'invalid-configuration',
  unreachable: 'unreachable-cluster',
  certificate: 'unreachable-cluster',
  unauthorized: 'unreachable-cluster',
  forbidden: 'unreachable-cluster',
  'not-found': 'missing-reference',
  conflict: 'refused-by-cluster',
  gone: 'refused-by-cluster',
  refused: 'refused-by-cluster',
  store: 'unreadable-store',
  usage: 'invalid-command-line',
  failed: 'failed-job',
};

/** Thrown where work with a cluster or a store stops: one problem, told in one line, with what to do. */
export class ClusterError extends ProblemsError {
  /** 1 the work itself found or met an error, 2 the command line is wrong, 3 cluster or store cannot be used. */
  readonly exitCode: 1 | 2 | 3;

  constructor(
    readonly kind: ClusterErrorKind,
    where: string,
    message: string,
    hint: string,
    details: Pick<Problem, 'got' | 'allowed'> = {},
  ) {
    super([
      {
        code: kindCodes[kind],
        severity: 'error',
        where: { object: where },
        message,
        ...details,
        hint,
      },
    ]);
    this.name = 'ClusterError';
    this.exitCode = kindExitCodes[kind] ?? exitCodes.unreadable;
  }
}

const certificateCodes = /^(CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|ERR_TLS_CERT|ERR_SSL|HOSTNAME_MISMATCH|INVALID_CA)/;

/** The error of a request that got no answer. */
export function connectionError(server: string, error: unknown): ClusterError {
  if (error instanceof ClusterError) return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (certificateCodes.test(code))
    return new ClusterError(
      'certificate',
      server,
      `the server’s certificate cannot be trusted: ${firstLine(message)}`,
      'Put the cluster’s certificate authority into the kubeconfig (certificate-authority-data).',
    );
  const facts: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'nothing answers at this address',
    ENOTFOUND: 'there is no host of this name',
    EAI_AGAIN: 'the host’s name cannot be looked up',
    ETIMEDOUT: 'the server does not answer in time',
    ECONNRESET: 'the connection broke',
    EHOSTUNREACH: 'there is no way to this host',
    ENETUNREACH: 'there is no way to this host',
  };
  return new ClusterError(
    'unreachable',
    server,
    `the cluster is out of reach: ${facts[code] ?? firstLine(message)}`,
    'Check the server of the context, the network and the VPN.',
  );
}

/** The error of an answer that is no success. */
export function answerError(where: string, what: string, answer: Pick<ApiAnswer, 'status' | 'text'>): ClusterError {
  const said = statusMessage(answer.text);
  switch (answer.status) {
    case 401:
      return new ClusterError(
        'unauthorized',
        where,
        'the cluster does not take these credentials: the token is wrong or has expired',
        'Log in again, or choose another context.',
      );
    case 403:
      return new ClusterError('forbidden', where, `you may not ${what}`, 'Ask for a role that allows it.', {
        got: said,
      });
    case 404:
      return new ClusterError('not-found', where, `there is no such object: ${what}`, 'Check name and namespace.');
    case 409:
      return new ClusterError('conflict', where, `somebody else was faster: ${what}`, 'Run the command again.', {
        got: said,
      });
    case 410:
      return new ClusterError(
        'gone',
        where,
        `the server has forgotten where to go on: ${what}`,
        'Run the command again.',
      );
    case 400:
    case 422:
      return new ClusterError('refused', where, `the cluster refuses to ${what}`, 'Correct what it names.', {
        got: said,
      });
    default:
      return new ClusterError(
        'unreachable',
        where,
        `the cluster failed to ${what}: status ${answer.status}`,
        'Run the command again; if it goes on, look at the API server.',
        { got: said },
      );
  }
}

/** What the server’s `Status` object says, or the start of its text. */
export function statusMessage(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    if (typeof message === 'string') return firstLine(message);
  } catch {
    // no Status: something in front of the API server answered
  }
  return firstLine(text);
}

const firstLine = (text: string): string => (text.split('\n', 1)[0] ?? '').slice(0, 400);

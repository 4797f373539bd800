import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';

/** What `helm test` shall run. */
export interface ChartTestProps {
  /** An image that needs neither root nor a file system that can be written. */
  readonly image: string;
  /** Program with its arguments; it fails the test by any exit code but 0. */
  readonly command: readonly string[];
  /** @default - none */
  readonly env?: readonly { readonly name: string; readonly value: string }[];
  /** After how long the test has failed, in seconds. @default 300 */
  readonly activeDeadlineSeconds?: number;
}

/**
 * A test of an installed release: a pod that `helm test` starts and waits for. It runs where PodSecurity enforces
 * `restricted`, and is gone once it has succeeded; the pod of a test that failed stays, with its log.
 *
 * @example
 * ```ts
 * new ChartTest(chart, 'test', { image: 'busybox:1.37', command: ['wget', '-qO-', 'http://web'] });
 * ```
 */
export class ChartTest extends ApiObject {
  constructor(scope: Construct, id: string, props: ChartTestProps) {
    super(scope, id, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        annotations: { 'helm.sh/hook': 'test', 'helm.sh/hook-delete-policy': 'before-hook-creation,hook-succeeded' },
      },
      spec: {
        restartPolicy: 'Never',
        activeDeadlineSeconds: props.activeDeadlineSeconds ?? 300,
        automountServiceAccountToken: false,
        // A number, because an image's own user may be a name, of which the kubelet cannot tell whether it is root.
        securityContext: { runAsNonRoot: true, runAsUser: 65534, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [
          {
            name: 'test',
            image: props.image,
            command: props.command,
            ...(props.env ? { env: props.env } : {}),
            resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '128Mi' } },
            securityContext: {
              allowPrivilegeEscalation: false,
              readOnlyRootFilesystem: true,
              capabilities: { drop: ['ALL'] },
            },
          },
        ],
      },
    });
  }
}

import type { ApiAnswer, Transport } from '../../src/cluster/index.js';
import type { KubeApiServer } from '../programs/kube-api-server.js';

/** The way to a test's API server without a kubeconfig; it opens no streams and runs no programs. */
export const transportOf = (kube: KubeApiServer): Transport => ({
  server: kube.url,
  async send({ method, path, query = {}, body, contentType }): Promise<ApiAnswer> {
    const words = new URLSearchParams(query).toString();
    const answer = await kube.request(method, words === '' ? path : `${path}?${words}`, body, contentType);
    const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
    return { status: answer.status, text, warnings: answer.warnings };
  },
  open: () => Promise.reject(new Error('no streams here')),
  exec: () => Promise.reject(new Error('no programs here')),
  renew: async () => false,
});

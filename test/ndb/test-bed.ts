import { type KubeApiServer, startKubeApiServer } from '../programs/kube-api-server.js';
import { NdbCluster, type NdbClusterOptions } from '../programs/ndb-cluster.js';
import { type S3Server, startS3Server } from '../programs/s3-server.js';
import { Installation, type InstallationOptions } from './installation.js';

/** What the tests of this folder need: `describeWith(ndbPrograms, …, ndbNeeds())`. */
export const ndbPrograms = ['kube-apiserver', 'etcd', 'kubectl', 'rclone', 'versitygw', 'jq', 'busybox'];

/** A real API server and a real S3 server, and what is opened on them; `close` ends all of it. */
export class TestBed {
  readonly #clusters: NdbCluster[] = [];
  readonly #installations: Installation[] = [];

  private constructor(
    readonly kube: KubeApiServer,
    readonly server: S3Server,
  ) {}

  static async open(): Promise<TestBed> {
    const [kube, server] = await Promise.all([startKubeApiServer(), startS3Server()]);
    return new TestBed(kube, server);
  }

  async cluster(options: NdbClusterOptions = {}): Promise<NdbCluster> {
    const cluster = await NdbCluster.start(options);
    this.#clusters.push(cluster);
    return cluster;
  }

  async install(options: Omit<InstallationOptions, 'kube' | 'server'> & { server?: S3Server }): Promise<Installation> {
    const installation = await Installation.open({ kube: this.kube, server: this.server, ...options });
    this.#installations.push(installation);
    return installation;
  }

  async close(): Promise<void> {
    for (const installation of this.#installations) installation.remove();
    await Promise.all([...this.#clusters.map((cluster) => cluster.destroy()), this.kube.stop(), this.server.stop()]);
  }
}

import type { HelmChart } from '../../../src/chart/index.js';
import { autoscaledApi, autoscaledApiMended } from './autoscaled-api.js';
import { cronReport, cronReportMended } from './cron-report.js';
import { migrationJob, migrationJobMended } from './migration-job.js';
import { networkWalls, networkWallsMended } from './network-walls.js';
import { nodeAgent } from './node-agent.js';
import { probedServer } from './probed-server.js';
import { rbacReader, rbacReaderMended } from './rbac-reader.js';
import { secretConsumer } from './secret-consumer.js';
import { sharedVolumes, sharedVolumesMended } from './shared-volumes.js';
import { spreadService } from './spread-service.js';
import { statefulCache, statefulCacheMended } from './stateful-cache.js';
import { tenants } from './tenants.js';
import { webApp, webAppMended } from './web-app.js';

/** Programs as people write them who know cdk8s-plus and not this engine, that become charts. */
export const strangers = [
  nodeAgent,
  probedServer,
  secretConsumer,
  spreadService,
  tenants,
  // As written after the advice of the error that the first form got:
  autoscaledApiMended,
  cronReportMended,
  migrationJobMended,
  networkWallsMended,
  rbacReaderMended,
  sharedVolumesMended,
  statefulCacheMended,
  webAppMended,
] as unknown as readonly HelmChart<never>[];

/** The first forms of those that are refused. */
export const refusedStrangers = {
  autoscaledApi,
  cronReport,
  migrationJob,
  networkWalls,
  rbacReader,
  sharedVolumes,
  statefulCache,
  webApp,
} as unknown as Readonly<Record<string, HelmChart<never>>>;

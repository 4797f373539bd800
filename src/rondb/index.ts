export {
  clusterSchema,
  RonDBCluster,
  type RonDBClusterInput,
  type RonDBClusterSettings,
  type UpstreamCluster,
} from './cluster.js';

/** Where a small Ceph cluster keeps itself and listens. */
export interface CephPlace {
  readonly folder: string;
  readonly monitorPort: number;
  readonly gatewayPort: number;
}

/** The configuration of a cluster of one that lives in memory: one copy of everything, and short waits, so that it starts fast. */
export function cephConfiguration({ folder, monitorPort, gatewayPort }: CephPlace, clusterId: string): string {
  return `[global]
fsid = ${clusterId}
mon host = [v2:127.0.0.1:${monitorPort}]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
keyring = ${folder}/keyring
run dir = ${folder}
crash dir = ${folder}
log file = ${folder}/$name.log
mon cluster log file = ${folder}/cluster.log
log to stderr = false
err to stderr = false
mon data = ${folder}/mon
mon data avail warn = 2
mon data avail crit = 1
mon allow pool size one = true
mon warn on pool no redundancy = false
mon max pg per osd = 2000
paxos propose interval = 0.05
paxos min wait = 0.01
osd data = ${folder}/osd
osd objectstore = memstore
osd memory target = 1073741824
osd crush chooseleaf type = 0
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
memstore device bytes = 4294967296
[client]
rgw frontends = beast endpoint=127.0.0.1:${gatewayPort} tcp_nodelay=1
rgw enable usage log = false
rgw enable ops log = false
`;
}

/**
 * What Telegraf hosts send with the usual plugins, about 248 bytes a line: host after host its cpu, disk, diskio, docker,
 * kernel, mem, net, processes, procstat, swap and system lines, as the plugins write them (tags sorted, fields in the
 * plugin's order). Some fields come and go. Seeded: the same every time.
 */
import type { Random } from '../../test/fuzz/random.js';
import { percentage } from './tsbs.js';

const START_SECONDS = 1_700_000_000;
const STEP_SECONDS = 10;
const CPUS = ['cpu0', 'cpu1', 'cpu2', 'cpu3', 'cpu-total'];
const CPU_FIELDS = ['user', 'system', 'idle', 'nice', 'iowait', 'irq', 'softirq', 'steal', 'guest', 'guest_nice'];
const DISKS = [['/', 'sda1', 'ext4'], ['/var/lib/docker', 'sdb1', 'xfs']] as const;
const IO_FIELDS = ['reads', 'writes', 'read_bytes', 'write_bytes', 'read_time', 'write_time', 'io_time', 'weighted_io_time', 'iops_in_progress', 'merged_reads', 'merged_writes'];
const NET_FIELDS = ['bytes_sent', 'bytes_recv', 'packets_sent', 'packets_recv', 'err_in', 'err_out', 'drop_in', 'drop_out'];
const MEM_FIELDS = ['total', 'available', 'used', 'free', 'active', 'buffered', 'cached', 'commit_limit', 'committed_as', 'dirty', 'inactive', 'mapped', 'page_tables', 'shared', 'slab', 'sreclaimable', 'sunreclaim', 'swap_cached', 'vmalloc_total', 'vmalloc_used', 'write_back'];
const CONTAINERS = ['nginx', 'redis', 'postgres'];

/** A host and its counters, which only grow. */
interface Host {
  readonly name: string;
  readonly dc: string;
  readonly rack: string;
  readonly counters: number[];
  readonly containers: readonly string[];
}

/** Each call gives the next line. */
export function telegrafLines(random: Random, hosts: number): () => string {
  const fleet = Array.from({ length: hosts }, (_, i): Host => ({
    name: `web-${String(i).padStart(3, '0')}`, dc: `fra-0${i % 3}`, rack: `r${i % 12}`,
    counters: Array.from({ length: 64 }, () => random.below(2 ** 31)),
    containers: CONTAINERS.map(() => random.u32().toString(16).padStart(8, '0').repeat(2)),
  }));
  let waiting: string[] = [];
  let at = 0;
  return () => {
    if (waiting.length === 0) {
      const seconds = START_SECONDS + Math.floor(at / hosts) * STEP_SECONDS;
      waiting = reportOf(random, fleet[at % hosts]!).map((line) => `${line} ${seconds}000000000\n`).reverse();
      at += 1;
    }
    return waiting.pop()!;
  };
}

/** One interval of a host, without timestamps. */
function reportOf(random: Random, host: Host): string[] {
  const dc = `dc=${host.dc}`;
  const end = `host=${host.name}`;
  const rack = `rack=${host.rack}`;
  const grow = (i: number, most: number): number => (host.counters[i] = host.counters[i]! + random.below(most));
  const integers = (names: readonly string[], first: number): string => names.map((name, i) => `${name}=${grow(first + i, 5000)}i`).join(',');
  const total = 16_661_315_584;
  const used = random.below(total);
  return [
    ...CPUS.map((cpu) => `cpu,cpu=${cpu},${dc},${end},${rack} ${cpuFields(random)}`),
    ...DISKS.map(([path, device, type]) => `disk,${dc},device=${device},fstype=${type},${end},mode=rw,path=${path},${rack} total=${total}i,free=${total - used}i,used=${used}i,used_percent=${used / total * 100},inodes_total=6553600i,inodes_free=${6_553_600 - random.below(90_000)}i,inodes_used=${random.below(90_000)}i`),
    ...['sda', 'sdb'].map((name, i) => `diskio,${dc},${end},name=${name},${rack} ${integers(IO_FIELDS, 11 * i)}`),
    ...host.containers.map((id, i) => containerLine(random, `container_image=${CONTAINERS[i]},container_name=${CONTAINERS[i]}_1,container_status=running`, `${dc},${end},${rack}`, id)),
    `kernel,${dc},${end},${rack} boot_time=1699000000i,context_switches=${grow(30, 90_000)}i,entropy_avail=256i,interrupts=${grow(31, 50_000)}i,processes_forked=${grow(32, 90)}i`,
    `mem,${dc},${end},${rack} ${integers(MEM_FIELDS, 33)},used_percent=${percentage(random)},available_percent=${percentage(random)}`,
    ...['eth0', 'docker0'].map((name, i) => `net,${dc},${end},interface=${name},${rack} ${integers(NET_FIELDS, 22 + (i % 2))}`),
    `processes,${dc},${end},${rack} blocked=0i,dead=0i,idle=${random.below(90)}i,paging=0i,running=${random.below(4)}i,sleeping=${random.below(300)}i,stopped=0i,total=${random.below(400)}i,total_threads=${random.below(2000)}i,unknown=0i,zombies=0i`,
    `procstat,${dc},${end},pattern=nginx,process_name=nginx,${rack},user=www-data cpu_usage=${percentage(random)},memory_rss=${random.below(2 ** 30)}u,num_threads=${random.below(64)}i,running=${random.chance(0.99)},pid=${random.below(32_768)}i,cmdline="nginx: worker process ${random.below(4)}"`,
    `swap,${dc},${end},${rack} total=2147479552i,used=0i,free=2147479552i,used_percent=0`,
    `swap,${dc},${end},${rack} in=0i,out=${grow(60, 2)}i`,
    `system,${dc},${end},${rack} load1=${random.below(400) / 100},load5=${random.below(400) / 100},load15=${random.below(400) / 100},n_cpus=4i,n_users=${random.below(3)}i`,
    `system,${dc},${end},${rack} uptime=${grow(61, 20)}i`,
    `system,${dc},${end},${rack} uptime_format="${random.below(90)} days, ${random.below(24)}:${10 + random.below(50)}"`,
  ];
}

/** A guest's share is told only where there are guests. */
function cpuFields(random: Random): string {
  const names = random.chance(0.95) ? CPU_FIELDS : CPU_FIELDS.slice(0, 8);
  return names.map((name) => `usage_${name}=${random.chance(0.4) ? 0 : percentage(random)}`).join(',');
}

function containerLine(random: Random, first: string, last: string, id: string): string {
  const throttled = random.chance(0.9) ? `,throttling_periods=${random.below(100)}i` : '';
  return `docker_container_cpu,${first},${last} usage_total=${random.below(2 ** 31)}i,usage_in_usermode=${random.below(2 ** 31)}i,usage_in_kernelmode=${random.below(2 ** 31)}i${throttled},usage_percent=${percentage(random)},container_id="${id}"`;
}

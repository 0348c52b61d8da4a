// The process's own gauges that prom-client names *_total, as if they were counters: under names promtool accepts.
import { Gauge, type Registry } from 'prom-client';

const MISNAMED = ['active_resources', 'active_handles', 'active_requests'];

/** After collectDefaultMetrics with the prefix skyfix_. */
export function registerProcessMetrics(registry: Registry): void {
  for (const name of MISNAMED) {
    registry.removeSingleMetric(`skyfix_nodejs_${name}_total`);
    registry.removeSingleMetric(`skyfix_nodejs_${name}`);
  }
  new Gauge({
    name: 'skyfix_nodejs_active_resources',
    help: 'What keeps the event loop alive, by its type.',
    labelNames: ['type'],
    registers: [registry],
    collect() {
      this.reset();
      for (const type of process.getActiveResourcesInfo()) this.inc({ type });
    },
  });
}

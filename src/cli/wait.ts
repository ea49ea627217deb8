import { defineCommand } from './command.ts';

export const command = defineCommand({
  name: 'wait',
  flags: {
    where: { kind: 'string', value: "'KEY=VALUE ...'", summary: 'only trials with these values' },
    yes: { kind: 'boolean', summary: 'go on without being asked' },
  },
  example: "make wait where='model=vit'",
  async run({ where, yes, json }, context) {
    const { usesRunai } = await import('./project.ts');
    const { openCluster } = await import('./cluster/open-cluster.ts');
    const { chosenBy } = await import('./local/select-locally.ts');
    const { waitForTrials } = await import('./cluster/wait-for-trials.ts');
    const { DiskRecordStore } = await import('../records/record-store.ts');
    const { reportDiagnostics } = await import('./report-diagnostics.ts');
    const { openPlacedPlan } = await import('./cluster/last-launch.ts');
    const { place, plan } = await openPlacedPlan({ where }, context);
    const specs = plan === undefined ? undefined : [...chosenBy(where, plan)];
    const records = new DiskRecordStore(context.cwd, (warning) =>
      reportDiagnostics([warning], context, { json }),
    );
    if (plan !== undefined && specs !== undefined && (await usesRunai(context))) {
      const { config } = plan;
      const { openRunai } = await import('./runai/open-runai.ts');
      const { waitForWorkloads } = await import('./runai/wait-for-workloads.ts');
      return await waitForWorkloads(
        await openRunai(config, context, { json }),
        specs,
        { json },
        config,
        context,
      );
    }
    using cluster = await openCluster(place, { yes }, context);
    return await waitForTrials(
      cluster,
      specs,
      { json, maxParallel: plan?.config.project.max_parallel, records },
      context,
    );
  },
});

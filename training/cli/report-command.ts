// skyfix-train report: the tables, figures and claims of several runs.
import { Command } from 'commander';
import { writeReport } from '../report/index.js';

/** The sub-command `report`. */
export function reportCommand(): Command {
  return new Command('report')
    .description("tables and figures of the paper from finished runs, with the paper's numbers beside them")
    .argument('<runs...>', 'run folders, each with a result.json')
    .requiredOption('--out <dir>', 'folder for report.md, its charts and sheets')
    .action(async (runs: readonly string[], { out }: { readonly out: string }) => {
      const summary = await writeReport(runs, out);
      const verdicts = summary.claims.map(
        ({ comparison }) => comparison?.verdict ?? 'not judged, for want of runs',
      );
      const counts = [...new Set(verdicts)].map(
        (verdict) => `  ${verdicts.filter((one) => one === verdict).length} ${verdict}`,
      );
      process.stdout.write(
        `${summary.path}: ${summary.runs} runs in ${summary.groups} groups (${summary.datasets.join(', ')})\n` +
          `claims of the paper:\n${counts.join('\n')}\n`,
      );
    });
}

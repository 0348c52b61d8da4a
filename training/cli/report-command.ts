// skyfix-train report: the tables, figures and claims of several runs.
import { Command } from 'commander';
import { summaryText, writeReport } from '../report/index.js';

/** The sub-command `report`. */
export function reportCommand(): Command {
  return new Command('report')
    .description("tables and figures of the paper from finished runs, with the paper's numbers beside them")
    .argument('<runs...>', 'run folders; those of runs that have not ended are named and left out')
    .requiredOption('--out <dir>', 'folder for report.md, its charts and sheets')
    .action(async (runs: readonly string[], { out }: { readonly out: string }) => {
      const summary = await writeReport(runs, out);
      process.stdout.write(`${summaryText(summary)}\n`);
    });
}

// A reporter for Node's test runner beside the one people read: JSON lines of what was skipped and why, what failed,
// and the runner's closing figures.
export default async function* facts(events) {
  for await (const { type, data } of events) {
    if (type === 'test:pass' && data.skip !== undefined && data.skip !== false) {
      yield line({ skipped: data.name, reason: typeof data.skip === 'string' ? data.skip : '' });
    }
    if (type === 'test:fail' && data.details?.error?.failureType !== 'subtestsFailed')
      yield line({ failed: data.name });
    // At the end, not of a file: "tests 119", "pass 119", ...
    const figure = type === 'test:diagnostic' && data.nesting === 0 && /^(\w+) (\d+)$/.exec(data.message);
    if (figure) yield line({ figure: figure[1], value: Number(figure[2]) });
  }
}

const line = (fact) => `${JSON.stringify(fact)}\n`;

// What is said of one environment variable.
interface VariableBase {
  readonly name: string;
  readonly help: string;
}
interface NumericVariable extends VariableBase {
  readonly type: 'integer' | 'number';
  readonly default: number;
  readonly minimum: number;
  readonly maximum: number;
}
interface StringVariable extends VariableBase {
  readonly type: 'string';
  readonly default: string | undefined;
  readonly pattern?: string;
  readonly choices?: readonly string[];
}
interface ListVariable extends VariableBase {
  readonly type: 'list';
  readonly default: readonly string[];
  /** Each element. */
  readonly pattern: string;
  /** Kept out of messages and logs. */
  readonly secret?: true;
}
export type ConfigVariable = NumericVariable | StringVariable | ListVariable;

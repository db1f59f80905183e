namespace Fairlead.Cli.Output;

/// <summary>A signal of this machine.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Name">Its name.</param>
internal sealed record SignalNumberLine(int Number, string Name);

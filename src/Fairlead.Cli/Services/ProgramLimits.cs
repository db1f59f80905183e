namespace Fairlead.Cli.Services;

/// <summary>The limits of a command that serves a client.</summary>
/// <param name="Timeout">How long it may run; null: without limit.</param>
/// <param name="Idle">How long it may neither read nor write; null: without limit.</param>
/// <param name="MostOutput">The most bytes that it may write; null: without limit.</param>
internal sealed record ProgramLimits(TimeSpan? Timeout, TimeSpan? Idle, long? MostOutput)
{
    /// <summary>Whether the bytes have to pass through this process, which otherwise sees none of them.</summary>
    public bool NeedRelay => Idle is not null || MostOutput is not null;
}

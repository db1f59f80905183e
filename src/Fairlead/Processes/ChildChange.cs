namespace Fairlead.Processes;

/// <summary>A change of a child's state: <see cref="Stopped"/>, <see cref="Continued"/>, or its end, a <see cref="ChildExit"/>.</summary>
public abstract record ChildChange
{
    /// <summary>A signal has stopped the child. It continues after <c>SIGCONT</c>.</summary>
    /// <param name="Signal">The signal that stopped it.</param>
    public sealed record Stopped(Signal Signal) : ChildChange
    {
        /// <inheritdoc/>
        public override string ToString() => $"stopped by {Signal}";
    }

    /// <summary>The child was stopped, and has been continued.</summary>
    public sealed record Continued : ChildChange
    {
        /// <inheritdoc/>
        public override string ToString() => "continued";
    }
}

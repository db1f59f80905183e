using System.Globalization;

namespace Fairlead.Processes;

/// <summary>A change of a child of a <see cref="ChildSupervisor"/>. Its text is a line for a log.</summary>
/// <param name="Child">The name of the child.</param>
public abstract record SupervisedChange(string Child)
{
    /// <summary>Its program runs.</summary>
    /// <param name="Child">The name of the child.</param>
    /// <param name="ProcessId">Its process.</param>
    public sealed record Started(string Child, int ProcessId) : SupervisedChange(Child)
    {
        /// <inheritdoc/>
        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Child}: started as pid {ProcessId}");
    }

    /// <summary>It has run for <see cref="SupervisedChild.ReadyAfter"/>.</summary>
    /// <param name="Child">The name of the child.</param>
    /// <param name="ProcessId">Its process.</param>
    public sealed record Ready(string Child, int ProcessId) : SupervisedChange(Child)
    {
        /// <inheritdoc/>
        public override string ToString() => $"{Child}: ready";
    }

    /// <summary>Its program could not be started.</summary>
    /// <param name="Child">The name of the child.</param>
    /// <param name="Error">Why.</param>
    public sealed record NotStarted(string Child, Exception Error) : SupervisedChange(Child)
    {
        /// <inheritdoc/>
        public override string ToString() => $"{Child}: cannot be started: {Error.Message}";
    }

    /// <summary>Its process has ended, whether asked to or not.</summary>
    /// <param name="Child">The name of the child.</param>
    /// <param name="ProcessId">Its process.</param>
    /// <param name="Exit">How; null if other code of this process has taken its status.</param>
    public sealed record Exited(string Child, int ProcessId, ChildExit? Exit) : SupervisedChange(Child)
    {
        /// <inheritdoc/>
        public override string ToString() =>
            string.Create(CultureInfo.InvariantCulture, $"{Child}: pid {ProcessId} {Exit?.ToString() ?? "ended, its status is unknown"}");
    }

    /// <summary>Its process still runs after SIGKILL, or may not be sent it. The supervisor goes on without it.</summary>
    /// <param name="Child">The name of the child.</param>
    /// <param name="ProcessId">Its process.</param>
    public sealed record NotEnded(string Child, int ProcessId) : SupervisedChange(Child)
    {
        /// <inheritdoc/>
        public override string ToString() =>
            string.Create(CultureInfo.InvariantCulture, $"{Child}: pid {ProcessId} does not end, not even by SIGKILL");
    }

    /// <summary>It will be started after a pause.</summary>
    /// <param name="Child">The name of the child.</param>
    /// <param name="Pause">The length of the pause.</param>
    public sealed record Restarting(string Child, TimeSpan Pause) : SupervisedChange(Child)
    {
        /// <inheritdoc/>
        public override string ToString() => $"{Child}: restarts in {SecondsText.Of(Pause)}";
    }

    /// <summary>It has failed too often, and will not be started.</summary>
    /// <param name="Child">The name of the child.</param>
    /// <param name="Reason">How often, and how the last time.</param>
    public sealed record GivenUp(string Child, string Reason) : SupervisedChange(Child)
    {
        /// <inheritdoc/>
        public override string ToString() => $"{Child}: given up: {Reason}";
    }

    /// <summary>It does not run, and will not be started.</summary>
    /// <param name="Child">The name of the child.</param>
    public sealed record Stopped(string Child) : SupervisedChange(Child)
    {
        /// <inheritdoc/>
        public override string ToString() => $"{Child}: stopped";
    }
}

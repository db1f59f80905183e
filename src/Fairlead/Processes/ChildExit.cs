using System.Globalization;

namespace Fairlead.Processes;

/// <summary>The end of a child: <see cref="Exited"/> or <see cref="Killed"/>.</summary>
public abstract record ChildExit : ChildChange
{
    /// <summary>Whether the child exited with 0.</summary>
    public bool IsSuccess => this is Exited { Code: 0 };

    /// <summary>The status as shells report it: the exit code, or 128 plus the number of the signal.</summary>
    public abstract int ShellCode { get; }

    /// <summary>The child exited.</summary>
    /// <param name="Code">Its exit code, 0 to 255.</param>
    public sealed record Exited(int Code) : ChildExit
    {
        /// <inheritdoc/>
        public override int ShellCode => Code;

        /// <inheritdoc/>
        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"exited with {Code}");
    }

    /// <summary>A signal ended the child.</summary>
    /// <param name="Signal">The signal.</param>
    /// <param name="CoreDumped">Whether the kernel wrote a core dump.</param>
    public sealed record Killed(Signal Signal, bool CoreDumped) : ChildExit
    {
        /// <inheritdoc/>
        public override int ShellCode => 128 + Signal.Number;

        /// <inheritdoc/>
        public override string ToString() => CoreDumped ? $"killed by {Signal}, with a core dump" : $"killed by {Signal}";
    }
}

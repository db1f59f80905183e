using System.Globalization;

namespace Fairlead;

/// <summary>What has become of a child: <see cref="Stopped"/>, <see cref="Continued"/>, or its end, a <see cref="ChildExit"/>.</summary>
public abstract record ChildChange;

/// <summary>It is stopped, and goes on when it is told to.</summary>
/// <param name="Signal">What stopped it.</param>
public sealed record Stopped(Signal Signal) : ChildChange
{
    /// <inheritdoc/>
    public override string ToString() => $"stopped by {Signal}";
}

/// <summary>It has been told to go on.</summary>
public sealed record Continued : ChildChange
{
    /// <inheritdoc/>
    public override string ToString() => "continued";
}

/// <summary>The end of a child: <see cref="Exited"/> or <see cref="Killed"/>.</summary>
public abstract record ChildExit : ChildChange
{
    /// <summary>Whether it exited with 0.</summary>
    public bool IsSuccess => this is Exited { Code: 0 };

    /// <summary>As shells count: the exit code, or 128 and the number of the signal.</summary>
    public abstract int ShellCode { get; }
}

/// <summary>It ended by itself.</summary>
/// <param name="Code">Its exit code, 0 to 255.</param>
public sealed record Exited(int Code) : ChildExit
{
    /// <inheritdoc/>
    public override int ShellCode => Code;

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"exited with {Code}");
}

/// <summary>A signal ended it.</summary>
/// <param name="Signal">Which.</param>
/// <param name="CoreDumped">Whether the kernel has written its memory down.</param>
public sealed record Killed(Signal Signal, bool CoreDumped) : ChildExit
{
    /// <inheritdoc/>
    public override int ShellCode => 128 + Signal.Number;

    /// <inheritdoc/>
    public override string ToString() => CoreDumped ? $"killed by {Signal}, with a core dump" : $"killed by {Signal}";
}

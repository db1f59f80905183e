namespace Fairlead.Rpc;

/// <summary>A frame that is not in the format of docs/rpc-format.md. It becomes a <see cref="FairleadException"/> at the edge.</summary>
internal sealed class RpcFormatException(string what, Exception? inner = null) : FormatException(what, inner)
{
    /// <summary>The code of the error for the sender: <see cref="ErrorCode.Full"/> if the frame needs more memory than is left.</summary>
    public ErrorCode Code { get; init; } = ErrorCode.Corrupt;

    /// <summary>Whether the frame is well-formed, and one of its values is not accepted.</summary>
    public bool IsOfValue { get; init; }

    /// <summary>Returns it as users see it.</summary>
    /// <param name="peer">The sender of the frame.</param>
    public FairleadException From(object? peer) => new(
        ErrorCode.Corrupt,
        $"{peer ?? "the peer"} sent no valid frame of a remote procedure call: {Message}",
        "Both sides need the same version of Fairlead.Rpc, and the same contract.",
        this);
}

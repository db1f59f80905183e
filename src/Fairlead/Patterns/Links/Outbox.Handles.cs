using System.Runtime.InteropServices;
using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Native.Processes;
using Fairlead.Patterns.Links.Shared;

namespace Fairlead.Patterns.Links;

/// <content>Messages that carry an open file.</content>
internal readonly partial struct Outbox
{
    /// <summary>The lowest number for the copy, because standard streams keep their numbers.</summary>
    private const int LowestCopy = 3;

    public void SendHandle(SafeHandle handle, ReadOnlySpan<byte> payload, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();

        // Validates the timeout before there is a copy that would have to be closed.
        Deadline deadline = Deadline.After(timeout, core.Settings.Time);
        Descriptor copy = CopyOf(handle, payload);
        LinkResult result = Call(null, MessageOf(copy, payload), deadline, cancellationToken);
        ThrowUnlessSent(result, timeout);
    }

    public ValueTask SendHandleAsync(SafeHandle handle, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            Descriptor copy = CopyOf(handle, payload.Span);
            return FinishSendAsync(CallAsync(null, MessageOf(copy, payload), null, cancellationToken));
        }
        catch (Exception exception) when (exception is FairleadException or OperationCanceledException)
        {
            return exception is OperationCanceledException ? ValueTask.FromCanceled(cancellationToken) : ValueTask.FromException(exception);
        }
    }

    private static OutgoingMessage MessageOf(Descriptor copy, scoped in OutgoingPayload payload) =>
        new(MessageHeader.Of(MessageKind.Send, flags: MessageFlags.Handle), default, payload) { Handle = copy };

    /// <summary>Duplicates a descriptor until the message has left. The caller may close the original at any time.</summary>
    private Descriptor CopyOf(SafeHandle handle, ReadOnlySpan<byte> payload)
    {
        ArgumentNullException.ThrowIfNull(handle);
        ThrowIfClosing();
        if (core.Settings.IsRaw || (core.Capabilities & TransportCapabilities.Handles) == 0)
        {
            bool isForeign = core.Settings.IsForeign;
            string what = isForeign
                ? "a framing for other programs cannot carry open files"
                : $"{core.Address.Scheme}:// cannot carry open files; only unix:// can";
            throw new FairleadException(ErrorCode.NotSupported, what, isForeign ? "Remove ?framing= at both ends." : "Use unix://.")
            {
                Address = core.Address,
            };
        }

        if (core.Placement.SingleLink is { } link)
        {
            link.LinkSender.CheckHandles();

            // Before there is a copy that would have to be closed.
            link.LinkSender.Check(payload);
        }

        bool isEntered = false;
        try
        {
            handle.DangerousAddRef(ref isEntered);
            Descriptor? copy = NativeSpawn.Duplicate((int)handle.DangerousGetHandle(), LowestCopy, out Errno error);
            return copy ?? (error == Errno.EBADF
                ? throw new ArgumentException("The handle is not an open file, socket or pipe.", nameof(handle))
                : throw ErrnoMap.Failure("the handle cannot be duplicated", error).At(core.Address));
        }
        finally
        {
            if (isEntered)
            {
                handle.DangerousRelease();
            }
        }
    }
}

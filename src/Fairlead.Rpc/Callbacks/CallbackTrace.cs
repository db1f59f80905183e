using System.Diagnostics;

namespace Fairlead.Rpc.Callbacks;

/// <summary>
/// The W3C trace context of a callback, in the bytes of the field Trace of a message's head, and the activity in which its client executes
/// it. Without a current activity and a listener it writes and allocates nothing.
/// </summary>
internal static class CallbackTrace
{
    private const byte Version = 0;
    private const int TraceAt = 1;
    private const int ParentAt = TraceAt + 16;
    private const int FlagsAt = ParentAt + 8;
    private const int ContextBytes = FlagsAt + 1;

    // The name of the source of all other activities of Fairlead: one name to listen to.
    private static readonly ActivitySource Source = new("Fairlead");

    /// <summary>The context in which the calling code runs; the default: none.</summary>
    public static ActivityContext Current =>
        Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity ? activity.Context : default;

    /// <summary>Starts the activity of a callback, if there is a listener.</summary>
    /// <param name="contract">The name of the object's contract.</param>
    /// <param name="caller">The activity in which the server called; the default: none.</param>
    public static Activity? Start(string contract, ActivityContext caller)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        Activity? activity = Source.StartActivity($"callback {contract}", ActivityKind.Server, caller);
        activity?.SetTag("messaging.system", "fairlead");
        activity?.SetTag("messaging.destination.name", contract);
        activity?.SetTag("messaging.operation.name", "callback");
        return activity;
    }

    /// <summary>Writes a context, with its length; the default has none.</summary>
    public static void Write(ref RpcWriter writer, ActivityContext context)
    {
        if (context == default)
        {
            writer.WriteCount(0);
            return;
        }

        Span<byte> bytes = stackalloc byte[ContextBytes];
        bytes[0] = Version;
        context.TraceId.CopyTo(bytes[TraceAt..ParentAt]);
        context.SpanId.CopyTo(bytes[ParentAt..FlagsAt]);
        bytes[FlagsAt] = (byte)context.TraceFlags;
        writer.WriteCount(ContextBytes);
        writer.WriteRaw(bytes);
    }

    /// <summary>Reads a context. The default: there is none, it is of another version, or W3C calls it invalid.</summary>
    /// <exception cref="RpcFormatException">The length exceeds what is left.</exception>
    public static ActivityContext Read(ref RpcReader reader)
    {
        // A copy: the server may change shared memory between the check and the use. It is no longer than the reply.
        ReadOnlySpan<byte> bytes = reader.ReadBytes();
        return bytes.Length < ContextBytes
            || bytes[0] != Version
            || !bytes[TraceAt..ParentAt].ContainsAnyExcept((byte)0)
            || !bytes[ParentAt..FlagsAt].ContainsAnyExcept((byte)0)
            ? default
            : new ActivityContext(
                ActivityTraceId.CreateFromBytes(bytes[TraceAt..ParentAt]),
                ActivitySpanId.CreateFromBytes(bytes[ParentAt..FlagsAt]),
                (ActivityTraceFlags)bytes[FlagsAt],
                isRemote: true);
    }
}

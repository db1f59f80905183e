using System.Diagnostics;
using Fairlead.Framing;

namespace Fairlead.Diagnostics;

/// <summary>
/// The activity source <c>Fairlead</c>, and the W3C trace context in the head of a message: 1 byte version, 16 bytes trace ID, 8 bytes
/// parent ID, 1 byte flags. Without a current activity and a listener it writes and allocates nothing.
/// </summary>
internal static class Tracing
{
    public const int HeadBytes = 3 + ContextBytes;

    private const int ContextBytes = 26;

    private static readonly ActivitySource Source = new(EndpointMeter.Name);

    /// <summary>Starts a span for an operation of this side, if there is a listener.</summary>
    public static Activity? Start(string operation, ActivityKind kind, Address address, ActivityContext parent = default)
    {
        if (!HasListeners)
        {
            return null;
        }

        string destination = EndpointMeter.DestinationOf(address);
        Activity? activity = Source.StartActivity($"{operation} {destination}", kind, parent);
        activity?.SetTag("messaging.system", "fairlead");
        activity?.SetTag("messaging.destination.name", destination);
        activity?.SetTag("messaging.operation.name", operation);
        return activity;
    }

    /// <summary>Whether the spans of this side have a listener.</summary>
    public static bool HasListeners => Source.HasListeners();

    /// <summary>Whether messages sent now belong to a trace.</summary>
    public static bool IsOn => Activity.Current is { IdFormat: ActivityIdFormat.W3C };

    /// <summary>Whether messages sent now belong to a trace, or begin one.</summary>
    public static bool IsWatched => IsOn || HasListeners;

    /// <summary>
    /// Returns the head with the current context appended, in the caller's memory, which has <see cref="HeadBytes"/> more than the head.
    /// </summary>
    public static ReadOnlySpan<byte> Extend(ReadOnlySpan<byte> head, Span<byte> space)
    {
        if (Activity.Current is not { IdFormat: ActivityIdFormat.W3C } activity)
        {
            return head;
        }

        Span<byte> context = stackalloc byte[ContextBytes];
        context[0] = 0;
        activity.TraceId.CopyTo(context.Slice(1, 16));
        activity.SpanId.CopyTo(context.Slice(17, 8));
        context[25] = (byte)activity.ActivityTraceFlags;
        HeadWriter extended = new(space, head);
        extended.Add(HeadField.Trace, context);
        return extended.Written;
    }

    public static Activity? StartSend(MessageKind kind, Address address) => kind switch
    {
        MessageKind.Request => Start("request", ActivityKind.Client, address),
        MessageKind.Deliver => Start("deliver", ActivityKind.Producer, address),
        MessageKind.Publish => Start("publish", ActivityKind.Producer, address),
        MessageKind.Send => Start("send", ActivityKind.Producer, address),
        _ => null,
    };

    /// <summary>Returns the context of the sender, or the default if there is none.</summary>
    public static ActivityContext Read(ReadOnlySpan<byte> head)
    {
        if (!HeadReader.TryGet(head, HeadField.Trace, out ReadOnlySpan<byte> context) || context.Length < ContextBytes || context[0] != 0)
        {
            return default;
        }

        return new ActivityContext(
            ActivityTraceId.CreateFromBytes(context.Slice(1, 16)),
            ActivitySpanId.CreateFromBytes(context.Slice(17, 8)),
            (ActivityTraceFlags)context[25],
            isRemote: true);
    }
}

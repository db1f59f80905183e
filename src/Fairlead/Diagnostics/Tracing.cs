using System.Diagnostics;
using Fairlead.Framing;

namespace Fairlead.Diagnostics;

/// <summary>
/// The activity source <c>Fairlead</c>, and the W3C trace context that travels in a message's head: 1 byte version, 16 bytes trace id, 8
/// bytes parent id, 1 byte flags. Without a current activity and without a listener nothing is written and nothing allocated.
/// </summary>
internal static class Tracing
{
    public const int HeadBytes = 3 + ContextBytes;

    private const int ContextBytes = 26;

    private static readonly ActivitySource Source = new(EndpointMeter.Name);

    /// <summary>Starts a span for what this side does, if somebody listens.</summary>
    public static Activity? Start(string operation, ActivityKind kind, Address address, ActivityContext parent = default)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        string destination = address.WithoutOptions().Display;
        Activity? activity = Source.StartActivity($"{operation} {destination}", kind, parent);
        activity?.SetTag("messaging.system", "fairlead");
        activity?.SetTag("messaging.destination.name", destination);
        activity?.SetTag("messaging.operation.name", operation);
        return activity;
    }

    /// <summary>Whether messages that are sent now belong to a trace.</summary>
    public static bool IsOn => Activity.Current is { IdFormat: ActivityIdFormat.W3C };

    /// <summary>Whether messages that are sent now belong to a trace, or begin one.</summary>
    public static bool IsWatched => IsOn || Source.HasListeners();

    /// <summary>
    /// The head with the current context behind it, in the caller's memory, which has <see cref="HeadBytes"/> more than the head.
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

    /// <summary>The sender's context, or the default one where there is none.</summary>
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

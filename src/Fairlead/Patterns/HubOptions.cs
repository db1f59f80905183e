namespace Fairlead;

/// <summary>The options of a <see cref="Hub"/>.</summary>
public sealed record HubOptions : EndpointOptions
{
    /// <summary>The most clients at one time; the hub refuses one more with <see cref="ErrorCode.Full"/>. Default: no limit.</summary>
    /// <remarks>
    /// A client that has closed counts until its <see cref="HubEvent.Left"/> event, which comes after all its messages. Those messages
    /// occupy memory until then.
    /// </remarks>
    public int MaxClients { get; init; } = int.MaxValue;
}

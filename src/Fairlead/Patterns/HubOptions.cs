namespace Fairlead;

/// <summary>What a <see cref="Hub"/> may be told.</summary>
public sealed record HubOptions : EndpointOptions
{
    /// <summary>
    /// Clients that are served at once; one more is refused with <see cref="ErrorCode.Full"/>. One that has closed counts until its
    /// <see cref="HubEvent.Left"/>, behind all that it said: what it said takes memory until then. Default: as many as come.
    /// </summary>
    public int MaxClients { get; init; } = int.MaxValue;
}

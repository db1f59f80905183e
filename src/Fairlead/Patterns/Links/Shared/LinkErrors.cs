namespace Fairlead.Patterns.Links.Shared;

/// <summary>The errors of a link that refuses a message, for its sender.</summary>
internal static class LinkErrors
{
    /// <summary>Returns the error for a message that is longer than the peer accepts.</summary>
    public static FairleadException TooLarge(PeerLink link, long length, int headLength, long longest)
    {
        long most = Math.Min(longest, link.LongestPayload);
        string head = headLength == 0 || length > link.LongestPayload ? "" : $" and a head of {headLength} bytes";
        string what = $"the message has {length} bytes{head}, but the peer accepts at most {most}";
        return new FairleadException(ErrorCode.TooLarge, what, "Send less, or raise ?maxmessage= at the peer.")
        {
            Address = link.Endpoint.Address,
            Peer = link.Peer,
        };
    }

    /// <summary>Returns the error for a message with an open file to a peer that accepts none.</summary>
    public static FairleadException NoHandles(PeerLink link) =>
        new(
            ErrorCode.NotSupported,
            "the receiver does not accept open files",
            "Give the receiver an option such as ?handles=16, the most unread handles it accepts.")
        {
            Address = link.Endpoint.Address,
            Peer = link.Peer,
        };
}

namespace Fairlead.Patterns.Links;

/// <summary>Why a link refuses a message, in the words of its sender.</summary>
internal static class LinkErrors
{
    /// <summary>Longer than the peer takes.</summary>
    public static FairleadException TooLarge(Link link, long length, int headLength)
    {
        string head = headLength == 0 ? "" : $" and {headLength} in front of them";
        string what = $"the message has {length} bytes{head}, and the peer takes at most {link.Sending.LongestToPeer}";
        return new FairleadException(ErrorCode.TooLarge, what, "Send less, or raise ?maxmessage= there.")
        {
            Address = link.Endpoint.Address,
            Peer = link.Peer,
        };
    }

    /// <summary>With an open file, for a peer that asked for none.</summary>
    public static FairleadException NoHandles(Link link) =>
        new(ErrorCode.NotSupported, "the receiver takes no open files", "Give it ?handles=16, the number that it will hold unread.")
        {
            Address = link.Endpoint.Address,
            Peer = link.Peer,
        };
}

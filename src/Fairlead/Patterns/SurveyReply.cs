namespace Fairlead;

/// <summary>What became of a survey at one of those that were asked.</summary>
/// <param name="Peer">Who was asked.</param>
/// <param name="Message">The reply, a lease; it has no content where there was a problem.</param>
/// <param name="Problem">
/// Why there is no reply: Timeout, none until the deadline; PeerGone, the responder closed or died; Failed or another code of its own. Null
/// where there is one.
/// </param>
public sealed record SurveyReply(Peer Peer, Message Message, FairleadException? Problem) : IDisposable
{
    /// <summary>Whether there is a reply.</summary>
    public bool IsReply => Problem is null;

    /// <summary>Gives the reply's memory back. The second time is harmless.</summary>
    public void Dispose() => Message.Dispose();
}

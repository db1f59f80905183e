namespace Fairlead;

/// <summary>The result of a survey from one responder.</summary>
/// <param name="Peer">The responder.</param>
/// <param name="Message">The reply, a lease; has no content if there is a problem.</param>
/// <param name="Problem">
/// The reason for a missing reply; null if there is one. Timeout: none arrived before the deadline. PeerGone: the responder closed or died.
/// Failed, or another code: the responder's own error.
/// </param>
public sealed record SurveyReply(Peer Peer, Message Message, FairleadException? Problem) : IDisposable
{
    /// <summary>Whether this is a reply and not a problem.</summary>
    public bool IsReply => Problem is null;

    /// <summary>Returns the reply's memory. A second call has no effect.</summary>
    public void Dispose() => Message.Dispose();
}

namespace Fairlead.Rpc.Calls;

/// <content>Clients that are not admitted.</content>
internal sealed partial class CallDispatcher
{
    // Asked for each frame, before anything of it is kept.
    private bool Admits(Func<Peer, bool> authorize, Request request)
    {
        Peer client = request.Peer;
        bool isAdmitted;
        try
        {
            isAdmitted = authorize(client);
        }
        catch
        {
            // The endpoint reports it. The client learns no more than that it is not admitted.
            Deny(request, client);
            throw;
        }

        if (!isAdmitted)
        {
            Deny(request, client);
        }

        return isAdmitted;
    }

    private void Deny(Request request, Peer client)
    {
        string text = $"the server does not admit {client} to {_contracts.Names}";
        if (Frames.IsCall(request.Span))
        {
            Replies.Refuse(request, ErrorCode.PermissionDenied, text);
        }
        else
        {
            request.Fail(ErrorCode.PermissionDenied, text);
        }
    }
}

namespace Fairlead.Rpc.Calls;

/// <summary>
/// Lets calls run when their turn and a place have come, refuses them when too many wait, and answers those that do not run.
/// </summary>
/// <remarks>
/// Owns the places; those that wait are counted among the shares of their clients. Any thread. A call that waits holds no thread.
/// </remarks>
internal sealed class CallQueue(RpcServerOptions options, ClientShares shares) : IDisposable
{
    private readonly CallPlaces _places = new(options.MaxConcurrentCalls, options.Clients);
    private readonly CancellationTokenSource _dismissed = new();

    /// <summary>How many calls wait.</summary>
    public int Count => shares.Calls;

    /// <summary>Takes a place, if the turn of the call has come and a place is free.</summary>
    /// <param name="client">The client of the call.</param>
    /// <param name="turn">The position of the call; null: it has no order.</param>
    /// <param name="position">Its position among those that wait for a place; null: it waits for none yet.</param>
    /// <returns>False: the call must wait, with <see cref="WaitAsync"/>.</returns>
    public bool TryEnter(Peer client, CallTurn? turn, out CallPosition? position)
    {
        position = null;
        return turn is null or { HasCome: true } && (position = _places.Enter(client)) is null;
    }

    /// <summary>Waits until a call may run: for its turn, then for a place.</summary>
    /// <returns>False: it may not, has been answered, and is in no queue.</returns>
    /// <param name="request">The call.</param>
    /// <param name="context">Its context.</param>
    /// <param name="turn">Its position; null: it has no order.</param>
    /// <param name="position">Its position among those that wait for a place; null: it waits for none yet.</param>
    /// <param name="isHeld">Whether its bytes are counted already.</param>
    public async ValueTask<bool> WaitAsync(
        Request request, RequestContext context, CallTurn? turn, CallPosition? position, bool isHeld)
    {
        int length = isHeld ? 0 : request.Length;
        if (shares.EnterCall(request.Peer, length) is { } refusal)
        {
            position?.GiveUp();
            return RefuseFull(request, refusal);
        }

        Peer client = request.Peer;
        return await FinishAsync(request, context, length, end => position?.WaitAsync(end) ?? WaitForBothAsync(client, turn!, end))
            .ConfigureAwait(false);
    }

    /// <summary>Waits for the turn of a call that needs no place, and whose bytes are counted already.</summary>
    /// <returns>False: it may not run, has been answered, and is in no queue.</returns>
    public ValueTask<bool> WaitForTurnAsync(Request request, RequestContext context, CallTurn? turn)
    {
        if (turn is null or { HasCome: true })
        {
            return new ValueTask<bool>(true);
        }

        return shares.EnterCall(request.Peer, length: 0) is { } refusal
            ? new ValueTask<bool>(RefuseFull(request, refusal))
            : FinishAsync(request, context, length: 0, end => new ValueTask(turn.WaitAsync(end)));
    }

    /// <summary>Frees a place.</summary>
    /// <param name="client">The client of the call, the same object as before.</param>
    public void Leave(Peer client) => _places.Leave(client);

    /// <summary>Refuses the calls that wait. To be called once, when no more come.</summary>
    public async Task DismissAsync()
    {
        await _dismissed.CancelAsync().ConfigureAwait(false);
        await shares.EmptyAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose() => _dismissed.Dispose();

    private static bool RefuseFull(Request request, string refusal)
    {
        Replies.Refuse(request, ErrorCode.Full, refusal);
        return false;
    }

    private async ValueTask WaitForBothAsync(Peer client, CallTurn turn, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (_places.Enter(client) is { } position)
        {
            await position.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask<bool> FinishAsync(
        Request request, RequestContext context, int length, Func<CancellationToken, ValueTask> wait)
    {
        CancellationToken caller = context.CancellationToken;
        Peer client = request.Peer;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(caller, _dismissed.Token);
        try
        {
            await wait(end.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            if (caller.IsCancellationRequested)
            {
                Replies.RefuseInTime(request);
            }
            else
            {
                Replies.RefuseAtEnd(request);
            }

            return false;
        }
        finally
        {
            shares.LeaveCall(client, length);
        }
    }
}

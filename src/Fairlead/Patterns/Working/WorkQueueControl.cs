using System.Globalization;
using System.Text;
using System.Text.Json;
using Fairlead.Diagnostics;
using Fairlead.Patterns.Working;

namespace Fairlead;

/// <summary>Lists, drops and retries the items of a work queue, also of one in another process of this user on this machine.</summary>
/// <remarks>The queue must allow it: <see cref="WorkQueueOptions.AllowControl"/>. Any thread may use it.</remarks>
public sealed class WorkQueueControl : IDisposable, IAsyncDisposable
{
    private const int ItemsAtOnce = 1000;

    private readonly Requester _requester;

    private WorkQueueControl(Requester requester) => _requester = requester;

    /// <summary>Connects to the queue that is bound to an address.</summary>
    /// <param name="queue">The address of the queue, as it is for senders. Options are ignored.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="FairleadException">
    /// NotFound: no work queue of this user is bound there on this machine. NotSupported: it does not allow to be controlled.
    /// </exception>
    public static async ValueTask<WorkQueueControl> ConnectAsync(Address queue, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(queue);
        EndpointInfo holder = EndpointRegistry.FindHolder(queue)
            ?? throw new FairleadException(
                ErrorCode.NotFound,
                "no process of this user on this machine serves a work queue there",
                "fairlead list shows the addresses of all endpoints.")
            {
                Address = queue,
            };
        string label = WorkControl.LabelOf(Address.Parse(holder.Address));
        EndpointInfo control = EndpointRegistry.List().FirstOrDefault(entry =>
                entry.IsBound && entry.ProcessId == holder.ProcessId && entry.Label == label)
            ?? throw new FairleadException(
                ErrorCode.NotSupported,
                $"the {holder.Kind} there does not allow to be controlled",
                "WorkQueueOptions.AllowControl lets a work queue be controlled; fairlead work serve has it.")
            {
                Address = queue,
            };
        return new WorkQueueControl(
            await Requester.ConnectAsync(control.Address, cancellationToken: cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Returns items, as <see cref="WorkQueue.List"/> does, but at most 10,000.</summary>
    /// <param name="limit">How many to return at most.</param>
    /// <param name="state">The state of the items to return; null: all.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="FairleadException">PeerGone: the queue has ended.</exception>
    public async ValueTask<IReadOnlyList<WorkQueueItem>> ListAsync(
        int limit = int.MaxValue, WorkItemState? state = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        using Message reply = await AskAsync(
            string.Create(CultureInfo.InvariantCulture, $"list {limit} {(int?)state}"), cancellationToken).ConfigureAwait(false);
        try
        {
            return WorkQueueItemJson.Read(reply.Memory);
        }
        catch (JsonException problem)
        {
            throw Corrupt(problem);
        }
    }

    /// <summary>Ends items, as <see cref="WorkQueue.Drop"/> does.</summary>
    /// <param name="numbers">Their numbers, from <see cref="ListAsync"/>.</param>
    /// <param name="cancellationToken">Ends the wait. Some of the items may be dropped.</param>
    /// <returns>How many of them were in the queue.</returns>
    /// <inheritdoc cref="ListAsync" path="/exception"/>
    public ValueTask<int> DropAsync(IEnumerable<long> numbers, CancellationToken cancellationToken = default) =>
        DoAsync("drop", numbers, cancellationToken);

    /// <summary>Lets workers try items now, as <see cref="WorkQueue.Retry"/> does.</summary>
    /// <param name="numbers">Their numbers, from <see cref="ListAsync"/>.</param>
    /// <param name="cancellationToken">Ends the wait. Some of the items may be tried.</param>
    /// <returns>How many of them were in the queue.</returns>
    /// <inheritdoc cref="ListAsync" path="/exception"/>
    public ValueTask<int> RetryAsync(IEnumerable<long> numbers, CancellationToken cancellationToken = default) =>
        DoAsync("retry", numbers, cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _requester.Dispose();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _requester.DisposeAsync();

    private async ValueTask<int> DoAsync(string verb, IEnumerable<long> numbers, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(numbers);
        int sum = 0;
        foreach (long[] some in numbers.Chunk(ItemsAtOnce))
        {
            string words = string.Join(' ', some.Select(static number => number.ToString(CultureInfo.InvariantCulture)));
            using Message reply = await AskAsync($"{verb} {words}", cancellationToken).ConfigureAwait(false);
            sum += int.TryParse(reply.Text, NumberStyles.None, CultureInfo.InvariantCulture, out int count) ? count : throw Corrupt(null);
        }

        return sum;
    }

    private async ValueTask<Message> AskAsync(string words, CancellationToken cancellationToken) =>
        await _requester.RequestAsync(Encoding.UTF8.GetBytes(words), cancellationToken: cancellationToken).ConfigureAwait(false);

    private FairleadException Corrupt(Exception? problem) => new(
        ErrorCode.Corrupt, "the work queue gave an answer that is none", "Use the same version of Fairlead at both ends.", problem)
    {
        Address = _requester.Address,
    };
}

using Fairlead.Processes.Supervision;

namespace Fairlead.Processes;

/// <summary>
/// Runs programs as children, restarts the ones that end, and gives up a child that fails too often. Hands out the channel of each process
/// by the name of its child.
/// </summary>
/// <remarks>
/// <para>
/// Children start in the given order, and end in the reverse order. When a child ends, what it has left in its process group is killed.
/// When this process ends, even by SIGKILL, the kernel kills the children (<see cref="ChildSupervisorOptions.TiesChildren"/>).
/// </para>
/// <para>Any number of threads may use it.</para>
/// </remarks>
public sealed class ChildSupervisor : IAsyncDisposable
{
    private readonly Roster _roster;
    private readonly ChangeReports _reports;
    private readonly SupervisionLoop _loop;

    private ChildSupervisor(IReadOnlyList<SupervisedChild> children, ChildSupervisorOptions options)
    {
        _roster = new Roster(children);
        _reports = new ChangeReports(options.Changed);
        _loop = new SupervisionLoop(_roster, _reports, options);
    }

    /// <summary>The children as they are now, in the order of their start.</summary>
    public IReadOnlyList<SupervisedState> Children => _roster.States();

    /// <summary>
    /// Begins to start the children, and returns. A child that cannot be started is no error here: it is tried again, and given up like one
    /// that fails.
    /// </summary>
    /// <param name="children">The children, each with another name.</param>
    /// <param name="options">Further settings.</param>
    /// <exception cref="ArgumentException">Two children have one name, or a description contradicts itself.</exception>
    public static ChildSupervisor Start(IEnumerable<SupervisedChild> children, ChildSupervisorOptions? options = null) =>
        new(Checked(children), options ?? new ChildSupervisorOptions());

    /// <summary>
    /// Returns the address of the channel to a child: <c>fd://57</c>. Each process of the child has one, which one caller gets, and which
    /// can be opened once. The next call waits for the next process. Ask again when the connection has ended.
    /// </summary>
    /// <remarks>An address that was not opened is closed when the next one of that child is returned, or the supervisor ends.</remarks>
    /// <param name="name">The name of the child.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="FairleadException">
    /// NotFound: no child has this name. Unavailable: the child was given up or stopped, before the call or during it.
    /// </exception>
    /// <exception cref="InvalidOperationException">The child has no <see cref="ChildProcessOptions.Channel"/>.</exception>
    public async Task<Address> ChannelAsync(string name, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        TaskCompletionSource<Address> source = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _roster.TakeChannel(name, source);
        await using (cancellationToken.UnsafeRegister(
            static (state, token) => ((TaskCompletionSource<Address>)state!).TrySetCanceled(token), source))
        {
            return await source.Task.ConfigureAwait(false);
        }
    }

    /// <summary>Completes when no child runs and none will be started: all have stopped or were given up.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task AllEndedAsync(CancellationToken cancellationToken = default) => _loop.AllEndedAsync().WaitAsync(cancellationToken);

    /// <summary>
    /// Replaces the children: starts new ones, ends those that are missing, and restarts those whose description differs. The others
    /// continue; one that was given up is started again.
    /// </summary>
    /// <remarks>Descriptions are equal as records are: lists and dictionaries in them must be the same objects.</remarks>
    /// <param name="children">The children, each with another name, in the new order.</param>
    /// <inheritdoc cref="Start" path="/exception"/>
    /// <exception cref="ObjectDisposedException">The supervisor has ended.</exception>
    public Task ApplyAsync(IEnumerable<SupervisedChild> children)
    {
        SupervisedChild[] all = Checked(children);
        return _loop.DoAsync(() => _loop.ApplyAsync(all));
    }

    /// <summary>Ends a child if it runs, forgets its failures, and starts it, even if it was given up.</summary>
    /// <param name="name">The name of the child.</param>
    /// <exception cref="FairleadException">NotFound: no child has this name.</exception>
    /// <exception cref="ObjectDisposedException">The supervisor has ended.</exception>
    public Task RestartAsync(string name) => _loop.DoAsync(() => _loop.RestartAsync(_roster.Find(name)));

    /// <summary>
    /// Ends all children, the last one first, each by SIGTERM, and by SIGKILL after its <see cref="SupervisedChild.Grace"/>. Completes when
    /// all have ended.
    /// </summary>
    public Task EndAsync() => _loop.EndAsync();

    /// <summary>Ends all children (<see cref="EndAsync"/>), and waits until every change has been reported.</summary>
    public async ValueTask DisposeAsync()
    {
        await EndAsync().ConfigureAwait(false);
        await _reports.CompleteAsync().ConfigureAwait(false);
    }

    private static SupervisedChild[] Checked(IEnumerable<SupervisedChild> children)
    {
        ArgumentNullException.ThrowIfNull(children);
        SupervisedChild[] all = [.. children];
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (SupervisedChild child in all)
        {
            ArgumentNullException.ThrowIfNull(child, nameof(children));
            child.Check();
            if (!names.Add(child.Name))
            {
                throw new ArgumentException($"Two children are called '{child.Name}'. Give each another name.", nameof(children));
            }
        }

        return all;
    }
}

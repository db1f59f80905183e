using System.Collections.Concurrent;

namespace Fairlead.Tests.Patterns;

/// <summary>Requests that a responder takes while the connection of their requester ends.</summary>
[SlowRun]
public sealed class TakenAtTheEndTests
{
    private const int Requests = 20;
    private const int Repetitions = 50;

    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Holds that no taken request is left out when the connection ends: either its token is cancelled, or the responder never gets it.
    /// </summary>
    [Theory]
    [InlineData("inproc")]
    [InlineData("unix")]
    [InlineData("shm")]
    public async Task Each_received_request_is_cancelled_when_its_connection_ends(string transport)
    {
        ConcurrentQueue<Request> taken = [];
        using Responder responder = await Responder.BindAsync($"{transport}://taken-{Guid.NewGuid():N}"[..24]);
        using CancellationTokenSource end = new();
        Task takes = Task.Run(() => Take(responder, taken, end.Token));
        for (int i = 0; i < Repetitions; i++)
        {
            Requester requester = await Requester.ConnectAsync(responder.Address);
            Task[] lost = [.. Enumerable.Range(0, Requests).Select(_ => requester.RequestAsync("x"u8).AsTask())];
            await requester.CloseAsync(TimeSpan.Zero);
            requester.Dispose();
            await Assert.ThrowsAnyAsync<Exception>(() => Task.WhenAll(lost).WaitAsync(Watchdog));
        }

        // From here on, no request comes any more.
        Assert.True(SpinWait.SpinUntil(() => responder.Statistics.Peers == 0, Watchdog));
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => takes.WaitAsync(Watchdog));
        await CheckAsync(taken);
    }

    private static void Take(Responder responder, ConcurrentQueue<Request> taken, CancellationToken end)
    {
        while (true)
        {
            if (responder.TryReceive(Watchdog, out Request request, end))
            {
                taken.Enqueue(request);
            }
        }
    }

    private static async Task CheckAsync(ConcurrentQueue<Request> taken)
    {
        while (taken.TryDequeue(out Request request))
        {
            TaskCompletionSource cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
            using CancellationTokenRegistration registration = request.CancellationToken.Register(cancelled.SetResult);
            await cancelled.Task.WaitAsync(Watchdog);
            request.Dispose();
        }
    }
}

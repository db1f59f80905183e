using System.Text.Json;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Tour;

/// <summary>A process of the tour: plays roles until its stdin ends, at the latest when the parent dies.</summary>
internal sealed class WorkerHost
{
    // A machine that is slow must also get its names back.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    // How often a role reports that it makes progress.
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(200);

    private readonly Dictionary<int, Stage> _stages = [];
    private readonly List<Task> _roles = [];
    private readonly Lock _gate = new();
    private TourInput? _input;

    /// <summary>Blocks until the parent has no more orders.</summary>
    public void Run(TextReader orders)
    {
        while (orders.ReadLine() is { } line)
        {
            Take(JsonSerializer.Deserialize(line, TourJson.Default.Order)!);
        }

        // Every wait ends, every endpoint closes and releases its name; a role that does not manage that ends with the process.
        lock (_gate)
        {
            foreach (var stage in _stages.Values)
            {
                stage.Abort();
            }
        }

        Task.WaitAll([.. _roles], Patience);
    }

    private static void Tell(News news) => StandardOutput.WriteLine(JsonSerializer.Serialize(news, TourJson.Default.News));

    private static void TellMoved(Stage stage)
    {
        try
        {
            stage.TellMoved();
        }
        catch (OutputClosedException)
        {
            // The parent is gone; the end of stdin shows that too.
        }
    }

    private void Take(Order order)
    {
        switch (order.Kind)
        {
            case OrderKind.Input:
                _input = TourInput.Open(order.Cut!);
                break;
            case OrderKind.Play:
                var stage = new Stage(order.Role, _input!, order.Messages, Tell);
                lock (_gate)
                {
                    _stages.Add(order.Role, stage);
                }

                _roles.RemoveAll(static role => role.IsCompleted);
                _roles.Add(Task.Factory.StartNew(() => Play(stage, order), TaskCreationOptions.LongRunning));
                break;
            default:
                lock (_gate)
                {
                    _stages.GetValueOrDefault(order.Role)?.Take(order);
                }

                break;
        }
    }

    /// <summary>Plays a role on a dedicated thread: it may block.</summary>
    private void Play(Stage stage, Order order)
    {
        ITimer reporting = TimeProvider.System.CreateTimer(static stage => TellMoved((Stage)stage!), stage, Period, Period);
        try
        {
            Scenarios.Named(order.Scenario!).PlayAsync(stage, order.Place!, order.Seat).GetAwaiter().GetResult();
            stage.TellDone();
        }
        catch (OutputClosedException)
        {
            // The parent is gone; the end of stdin shows that too.
        }
        catch (Exception exception)
        {
            stage.TellFailed(exception);
        }
        finally
        {
            reporting.Dispose();
            lock (_gate)
            {
                _stages.Remove(order.Role);
            }

            stage.Dispose();
        }
    }
}

using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Fairlead.Bench.Contenders;
using Fairlead.Bench.Scenarios;

namespace Fairlead.Bench.Running;

/// <summary>
/// The second and third process. Both write <see cref="Ready"/> to stdout, the server when it listens, the client when it is connected.
/// Then the client measures a round for each line on stdin (its length in milliseconds) and answers with a line of JSON.
/// The server answers a line with the bytes that it has allocated. A program in another language that follows this protocol can be
/// measured too.
/// </summary>
internal static class Worker
{
    public const string ServerRole = "server";
    public const string ClientRole = "client";
    public const string Ready = "ready";

    public static Command Command()
    {
        var role = new Argument<string>("role");
        var scenario = new Argument<string>("scenario");
        var contender = new Argument<int>("contender");
        var session = new Argument<string>("session");
        var command = new Command("worker", "One side of a measurement; started by the program itself.")
        {
            role,
            scenario,
            contender,
            session,
        };
        command.Hidden = true;
        command.SetAction(parsed =>
        {
            var what = Rows.All.Single(s => s.Name == parsed.GetValue(scenario));
            var who = what.Contenders[parsed.GetValue(contender)];
            var where = new Session(parsed.GetValue(session)!, what.MessageSize);
            if (parsed.GetValue(role) == ServerRole)
            {
                Serve(who, where);
            }
            else
            {
                Measure(what, who, where);
            }
        });
        return command;
    }

    private static void Serve(Contender who, Session where)
    {
        // The server ends when the client leaves. It also ends with the program that started it, if no client ever came or the client
        // does not leave; but later than the client, which would complain.
        new Thread(() =>
        {
            // A line asks for what has been allocated until now.
            while (Console.In.ReadLine() is not null)
            {
                Console.Out.WriteLine(GC.GetTotalAllocatedBytes(precise: true).ToString(CultureInfo.InvariantCulture));
            }

            Thread.Sleep(TimeSpan.FromSeconds(2));
            Environment.Exit(0);
        })
        { IsBackground = true }.Start();
        who.Serve(where, () => Console.Out.WriteLine(Ready));
    }

    private static void Measure(Scenario what, Contender who, Session where)
    {
        using var runner = what.Connect(who, where);
        Console.Out.WriteLine(Ready);
        while (Console.In.ReadLine() is string line)
        {
            var round = runner.Measure(TimeSpan.FromMilliseconds(double.Parse(line, CultureInfo.InvariantCulture)));
            Console.Out.WriteLine(JsonSerializer.Serialize(round, WorkerJson.Default.Round));
        }
    }
}

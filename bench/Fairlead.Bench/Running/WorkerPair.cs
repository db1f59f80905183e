using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Fairlead.Bench.Contenders;
using Fairlead.Bench.Scenarios;

namespace Fairlead.Bench.Running;

/// <summary>
/// The two processes of a contender. They communicate with this one by lines on stdin and stdout, only between rounds. They end when
/// their stdin does; none therefore outlives this process.
/// </summary>
internal sealed class WorkerPair : IDisposable
{
    private readonly Process _server;
    private readonly Process _client;
    private readonly bool _countsServer;

    public WorkerPair(Scenario scenario, int contender, string session, string runtimeDirectory)
        : this(scenario, contender, session, runtimeDirectory, BenchProgram.This)
    {
    }

    public WorkerPair(Scenario scenario, int contender, string session, string runtimeDirectory, BenchProgram program)
    {
        var who = scenario.Contenders[contender];
        // Another version may not answer.
        _countsServer = scenario.CountsServer && program == BenchProgram.This;
        _server = Start(Worker.ServerRole);
        try
        {
            Expect(_server, Worker.Ready);
            _client = Start(Worker.ClientRole);
        }
        catch
        {
            End(_server);
            throw;
        }

        try
        {
            Expect(_client, Worker.Ready);
        }
        catch
        {
            Dispose();
            throw;
        }

        Process Start(string role)
        {
            var start =
                who.Program(role, new Session(session, scenario.MessageSize) { Directory = runtimeDirectory })
                ?? program.Worker(role, scenario.Name, contender, session);
            start.RedirectStandardInput = start.RedirectStandardOutput = true;
            start.Environment["XDG_RUNTIME_DIR"] = runtimeDirectory;
            return Process.Start(start)!;
        }
    }

    /// <summary>Lets the client measure one round; the other pairs are idle.</summary>
    public Round Measure(TimeSpan length)
    {
        long? allocated = AllocatedByServer();
        _client.StandardInput.WriteLine(length.TotalMilliseconds.ToString(CultureInfo.InvariantCulture));
        Round round = JsonSerializer.Deserialize(ReadLine(_client), WorkerJson.Default.Round)!;
        return round with { AllocatedByServer = AllocatedByServer() - allocated };
    }

    private long? AllocatedByServer()
    {
        if (!_countsServer)
        {
            return null;
        }

        _server.StandardInput.WriteLine();
        return long.Parse(ReadLine(_server), CultureInfo.InvariantCulture);
    }

    public void Dispose()
    {
        // The client first: when it leaves, the server ends in order.
        End(_client);
        End(_server);
    }

    private static void Expect(Process process, string line)
    {
        string actual = ReadLine(process);
        if (actual != line)
        {
            throw new InvalidDataException($"a worker said \"{actual}\" instead of \"{line}\"");
        }
    }

    private static string ReadLine(Process process) =>
        process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("a worker ended; its reason is above");

    private static void End(Process process)
    {
        process.StandardInput.Close();
        if (!process.WaitForExit(TimeSpan.FromSeconds(10)))
        {
            Console.Error.WriteLine($"worker {process.Id} does not end by itself and is killed");
            process.Kill();
        }

        process.Dispose();
    }
}

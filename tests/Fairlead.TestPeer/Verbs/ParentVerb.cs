using System.Globalization;
using Fairlead.Processes;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>parent TIED FREE</c>: starts two programs that read without end, one tied to this process and one not, says <c>ok TIED-ID
/// FREE-ID</c>, and waits to be killed.
/// </summary>
internal static class ParentVerb
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        // A pipe that no process writes, and only the kernel closes: of the free child it has the writing end too.
        using AnonymousPipe pipe = AnonymousPipe.Create();
        ChildProcessOptions options = new()
        {
            StandardInput = Redirection.To(pipe.Reader),
            StandardOutput = Redirection.Null,
            StandardError = Redirection.Null,
        };
        using ChildProcess tied = ChildProcess.Start(
            arguments[0],
            options: options with
            {
                TiedToParent = true,
                Descriptors = new Dictionary<int, System.Runtime.InteropServices.SafeHandle> { [5] = pipe.Writer },
            });
        using ChildProcess free = ChildProcess.Start(
            arguments[1],
            options: options with
            {
                Descriptors = new Dictionary<int, System.Runtime.InteropServices.SafeHandle> { [5] = pipe.Writer },
            });

        // The steps before the tied one are through when it runs its own program.
        while (await File.ReadAllTextAsync(string.Create(CultureInfo.InvariantCulture, $"/proc/{tied.Id}/comm")) != arguments[0] + "\n")
        {
            await Task.Yield();
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ok {tied.Id} {free.Id}"));
        await Console.In.ReadToEndAsync();
        return 0;
    }
}

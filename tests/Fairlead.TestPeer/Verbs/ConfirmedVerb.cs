using System.Diagnostics;
using System.Globalization;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>confirmed send|block|flush|publish ADDRESS FIRST COUNT</c>: sends the numbers from FIRST, and ends with SIGKILL directly after the
/// last call has returned. A publisher uses the topic <c>numbers</c>.
/// </summary>
internal static class ConfirmedVerb
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        int first = int.Parse(arguments[2], CultureInfo.InvariantCulture);
        int count = int.Parse(arguments[3], CultureInfo.InvariantCulture);
        if (arguments[0] == "publish")
        {
            Publisher publisher = await Publisher.ConnectAsync(arguments[1]);
            _ = await publisher.WaitForSubscribersAsync("numbers");
            for (int i = first; i < first + count; i++)
            {
                _ = await publisher.PublishAsync("numbers", BitConverter.GetBytes(i).AsMemory());
            }
        }
        else
        {
            await SendAsync(arguments[0], await Sender.ConnectAsync(arguments[1]), first, count);
        }

        Process.GetCurrentProcess().Kill();
        return 0;
    }

    private static async Task SendAsync(string how, Sender sender, int first, int count)
    {
        for (int i = first; i < first + count; i++)
        {
            byte[] number = BitConverter.GetBytes(i);
            switch (how)
            {
                case "send":
                    await sender.SendAsync(number.AsMemory());
                    break;
                case "block":
                    sender.Send(number);
                    break;
                default:
                    if (sender.TrySend(number) != SendResult.Sent)
                    {
                        await sender.SendAsync(number.AsMemory());
                    }

                    break;
            }
        }

        if (how == "flush")
        {
            await sender.FlushAsync();
        }
    }
}

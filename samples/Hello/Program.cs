using Fairlead;

if (args is ["receive"])
{
    await using var receiver = await Receiver.BindAsync("unix://hello");
    using var message = await receiver.ReceiveAsync();
    Console.WriteLine($"{message.Text} (from {message.Peer})");
}
else
{
    await using var sender = await Sender.ConnectAsync("unix://hello?wait=10s");
    await sender.SendAsync("hello from another process"u8);
}

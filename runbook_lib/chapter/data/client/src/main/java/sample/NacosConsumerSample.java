package sample;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.cloud.context.config.annotation.RefreshScope;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** The chapter's sample application: what Nacos holds under `custom.info`, asked for at /getConfig. */
@SpringBootApplication
@RestController
@RefreshScope
public class NacosConsumerSample {
    @Value("${custom.info}")
    private String info;

    @GetMapping("/getConfig")
    public String getConfig() {
        return info;
    }

    public static void main(String[] args) {
        SpringApplication.run(NacosConsumerSample.class, args);
    }
}
